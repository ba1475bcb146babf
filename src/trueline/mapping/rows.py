"""Finish a row: common columns and the fingerprint."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from trueline.model import ResourceType

__all__ = ["finish_row"]

_MARKS = ("_absent", "_set", "_defaulted")


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.isoformat()
    raise TypeError(f"a row holds no {type(value).__name__}")


_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=_plain).encode


def finish_row(
    columns: Mapping[str, Any],
    rtype: ResourceType,
    *,
    uid: str,
    plane: str,
    account: str | None,
    region: str | None,
    scope_account: str,
    scope_region: str,
    config: str,
    collected_at: dt.datetime,
    live_uid: str | None = None,
    seen_from: Sequence[str] = (),
    source_file: str | None = None,
    source_line: int | None = None,
    address: str | None = None,
    incarnation: str | None = None,
) -> dict[str, Any]:
    """A row of `Mapper.row` with every common column; `_refs` is left out.

    `fingerprint` is the MD5 of the own columns and marks: equal exactly when nothing that policies
    can see has changed. `environment` and `stale_since` are filled by later stages.
    """
    own = [columns[name] for name in rtype.columns]
    marks = [columns[name] for name in _MARKS]
    text = _encode([own, marks])
    row = dict(columns)
    row.pop("_refs", None)
    if "name" not in row:
        row["name"] = None
        row["_absent"] = [*columns["_absent"], "name"]
    row.setdefault("tags", {})
    row.update(
        uid=uid,
        live_uid=live_uid,
        type=rtype.table,
        provider=rtype.provider,
        account=account,
        region=region,
        scope_account=scope_account,
        scope_region=scope_region,
        seen_from=list(seen_from),
        environment=None,
        plane=plane,
        source_file=source_file,
        source_line=source_line,
        address=address,
        incarnation=incarnation,
        config=config,
        fingerprint=hashlib.md5(text.encode("ascii"), usedforsecurity=False).hexdigest(),
        collected_at=collected_at,
        stale_since=None,
    )
    return row
