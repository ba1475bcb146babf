"""Calls, and members of answers, that no recorded answer of a real API has shown yet.

`docs/unrecorded.txt` keeps the calls, one a line, so that the page can be made without the
recordings; with them the generator compares and rewrites it like any page.
"""

from __future__ import annotations

import json
from pathlib import Path

import botocore.session

from docs.markdown import code, table, text
from trueline.catalog import Catalog
from trueline.catalog.document import plain, read_document

__all__ = ["calls_page", "unrecorded"]

HERE = Path(__file__).parent
LIST = HERE / "unrecorded.txt"
MEMBERS = HERE.parent / "tests" / "content" / "not_recorded.yaml"


def unrecorded(catalog: Catalog, recorded: Path | None) -> list[str]:
    """Calls without a recording: by the recordings, else by the list kept from last time."""
    used = _users(catalog)
    if recorded is None:
        return [call for call in LIST.read_text().split() if call in used]
    return sorted(set(used) - _heard(recorded, used))


def _users(catalog: Catalog) -> dict[str, set[str]]:
    """Call → the tables that make it."""
    users: dict[str, set[str]] = {}
    for rtype in catalog.types.values():
        for call in rtype.live.calls() if rtype.live else ():
            users.setdefault(call.call, set()).add(rtype.table)
    return users


def calls_page(catalog: Catalog, silent: list[str]) -> str:
    """Both lists, each with the tables that are concerned."""
    users = _users(catalog)
    rows = [(code(c), ", ".join(f"[{t}](types/{t}.md)" for t in sorted(users[c]))) for c in silent]
    out = "# Calls without a recording\n\nService models say which members an answer may have. "
    out += "Only answers of the real API show which ones it sends. Calls are therefore compared "
    out += "with recorded answers. Of these calls there is none yet, so that their mappings rest "
    out += f"on the documentation of AWS alone.\n\n{table(('call', 'used by'), rows)}"
    out += "\n## Members that no recording shows\n\n"
    members = [
        (code(call), code(member), text(why))
        for call, found in sorted(plain(read_document(MEMBERS).root).items())
        for member, why in sorted(found.items())
    ]
    return out + table(("call", "member", "why it is read all the same"), members)


def _heard(recorded: Path, calls: dict[str, set[str]]) -> set[str]:
    """The calls that succeed in some recording."""
    heard = set()
    for path in (recorded / "aws").glob("*.json"):
        for exchange in json.loads(path.read_text())["exchanges"]:
            if exchange["status"] == 200:
                heard.add((exchange["service"], exchange["operation"]))
    session = botocore.session.get_session()
    out = set()
    for call in calls:
        service, _, operation = call.partition(".")
        model = session.get_service_model(service)
        if (model.endpoint_prefix, operation) in heard:
            out.add(call)
    return out
