"""What people do with findings: assign, acknowledge, comment, reopen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trueline.errors import ActionError
from trueline.findings.audit import Event
from trueline.findings.lifecycle import begun, update_findings
from trueline.findings.owners import ASSIGNED, CHAIN_UNKNOWN
from trueline.findings.queries import find
from trueline.findings.risk import young
from trueline.findings.store import Tx, compact, set_fact
from trueline.settings import Settings

__all__ = ["Actions"]


@dataclass(frozen=True, slots=True)
class Actions:
    """Moves of single findings in one transaction; ids may be the beginning of one."""

    tx: Tx
    settings: Settings

    def assign(self, wanted: str, owner: str | None, why: str | None = None) -> None:
        """Make somebody the owner, whatever the chain says; None = the chain decides again.

        Then the newest snapshot is applied again by the next command, which tells who that is.
        """
        row = self._find(wanted)
        if owner is not None:
            changed: dict[str, Any] = {
                "owner": owner,
                "owner_step": ASSIGNED,
                "owner_gap": False,
                "assigned_by": self.tx.who,
            }
        else:
            changed = {
                "owner": None,
                "owner_step": CHAIN_UNKNOWN,
                "owner_gap": True,
                "assigned_by": None,
                "subject_mark": "",
            }
            set_fact(self.tx.conn, "settings", "")
        self.tx.tell(Event("assigned", row["id"], None, why, {"owner": [row["owner"], owner]}))
        update_findings(self.tx, [{"b_id": row["id"], **changed}])

    def acknowledge(self, wanted: str, why: str | None = None) -> None:
        """Say that it is seen and worked on; its due date stays."""
        row = self._find(wanted)
        if row["state"] == "acknowledged":
            return
        if row["state"] != "open":
            raise _refused(row, "only an open finding can be acknowledged")
        self.tx.tell(Event("acknowledged", row["id"], None, why))
        update_findings(self.tx, [{"b_id": row["id"], "state": "acknowledged"}])

    def comment(self, wanted: str, text: str) -> None:
        """Note something in its history."""
        row = self._find(wanted)
        self.tx.tell(Event("commented", row["id"], None, text))

    def reopen(self, wanted: str, why: str) -> None:
        """Make an acknowledged or resolved finding open again, with a new due date.

        A newer read that proves it fixed resolves it again.
        """
        row = self._find(wanted)
        if row["state"] not in ("acknowledged", "resolved"):
            hint = "trueline exception end" if row["state"] == "excepted" else None
            raise _refused(row, "only an acknowledged or resolved finding can be reopened", hint)
        if row["key"] is None:
            raise _refused(row, "its resource is another one now")
        risk, parts = young(row["factors"])
        made = begun(self.settings, row, self.tx.now) | {
            "risk": risk,
            "factors": compact(parts),
            "last_confirmed": row["last_confirmed"],
        }
        self.tx.tell(Event("reopened", row["id"], None, why))
        update_findings(self.tx, [{"b_id": row["id"], **made}])

    def _find(self, wanted: str) -> dict[str, Any]:
        return find(self.tx.conn, wanted, self.tx.now)


def _refused(row: Mapping[str, Any], message: str, hint: str | None = None) -> ActionError:
    return ActionError("finding-refused", f"{row['id']} is {row['state']}: {message}", hint)
