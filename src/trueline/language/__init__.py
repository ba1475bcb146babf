"""The predicate language: conditions that are data, compiled to SQL that never guesses.

Reading a predicate needs a parser that is slow to import; fusing compiled policies does not. The
names that parse are therefore imported when they are first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trueline.language.compiled import CompiledPolicy, Related, Searched
from trueline.language.errors import LanguageError
from trueline.language.filters import expand_filter, join_filter
from trueline.language.fuse import (
    CAUSES,
    IDENTITY,
    Part,
    PolicySettings,
    Statement,
    asking,
    fuse,
    missing_params,
)
from trueline.language.reasons import Reasons, causes_of

if TYPE_CHECKING:
    from trueline.language.compiler import compile_policy, compile_rule, read_rule
    from trueline.language.flags import compile_flag
    from trueline.language.mutation import Mutant, mutants

__all__ = [
    "CAUSES",
    "IDENTITY",
    "CompiledPolicy",
    "LanguageError",
    "Mutant",
    "Part",
    "PolicySettings",
    "Reasons",
    "Related",
    "Searched",
    "Statement",
    "asking",
    "causes_of",
    "compile_flag",
    "compile_policy",
    "compile_rule",
    "expand_filter",
    "fuse",
    "join_filter",
    "missing_params",
    "mutants",
    "read_rule",
]

_PARSING = {
    "compile_flag": "flags",
    "compile_policy": "compiler",
    "compile_rule": "compiler",
    "read_rule": "compiler",
    "Mutant": "mutation",
    "mutants": "mutation",
}


def __getattr__(name: str) -> Any:
    if name not in _PARSING:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_PARSING[name]}"), name)
