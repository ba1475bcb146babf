"""Findings: verdicts that live, with an owner, a date, a risk and a history."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trueline.findings.actions import Actions
    from trueline.findings.applying import Applying, Rules
    from trueline.findings.audit import Event, Fault, Head, head, parse_head, verify
    from trueline.findings.comparing import Comparison, Said
    from trueline.findings.engines import state_url
    from trueline.findings.exception_files import FileException, load_exceptions
    from trueline.findings.exceptions import Asked, Desk
    from trueline.findings.inspection import inspect_store
    from trueline.findings.owners import chain_steps, explain, owner_reason, owning
    from trueline.findings.progress import changes_of, last_applied, note_applied
    from trueline.findings.renaming import rename, renamed
    from trueline.findings.risk import levels_sql
    from trueline.findings.standing import standing_of
    from trueline.findings.store import State, Tx, actor, micros, moment_of, open_state
    from trueline.findings.upkeep import keep_up

_HOMES = {
    "actions": ("Actions",),
    "applying": ("Applying", "Rules"),
    "audit": ("Event", "Fault", "Head", "head", "parse_head", "verify"),
    "comparing": ("Comparison", "Said"),
    "engines": ("state_url",),
    "exception_files": ("FileException", "load_exceptions"),
    "exceptions": ("Asked", "Desk"),
    "inspection": ("inspect_store",),
    "owners": ("chain_steps", "explain", "owner_reason", "owning"),
    "progress": ("changes_of", "last_applied", "note_applied"),
    "renaming": ("rename", "renamed"),
    "risk": ("levels_sql",),
    "standing": ("standing_of",),
    "store": ("State", "Tx", "actor", "micros", "moment_of", "open_state"),
    "upkeep": ("keep_up",),
}
"""Where each name is. Loaded on first use: showing findings needs no DuckDB, judging no store."""

__all__ = [
    "Actions",
    "Applying",
    "Asked",
    "Comparison",
    "Desk",
    "Event",
    "Fault",
    "FileException",
    "Head",
    "Rules",
    "Said",
    "State",
    "Tx",
    "actor",
    "chain_steps",
    "changes_of",
    "explain",
    "head",
    "inspect_store",
    "keep_up",
    "last_applied",
    "levels_sql",
    "load_exceptions",
    "micros",
    "moment_of",
    "note_applied",
    "open_state",
    "owner_reason",
    "owning",
    "parse_head",
    "rename",
    "renamed",
    "standing_of",
    "state_url",
    "verify",
]


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
