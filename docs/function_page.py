"""Reference of the functions that mappings may call, from their docstrings."""

from __future__ import annotations

import inspect

from docs.markdown import code, table, text
from trueline.mapping import SHAPES
from trueline.mapping.builtins import BUILTINS, BY_KEY, STRUCTURAL

__all__ = ["functions_page"]


def functions_page() -> str:
    """Shape functions with what they do; the functions of JMESPath by name."""
    rows = [
        (code(name + _arguments(shape)), text((inspect.getdoc(shape) or "").partition("\n\n")[0]))
        for name, shape in sorted(SHAPES.items())
    ]
    own = sorted({*BUILTINS, *BY_KEY, *STRUCTURAL})
    out = "# Functions of mappings\n\nWhat expressions in resource files may call; "
    out += "[resource-types.md](../resource-types.md) explains expressions. Every function gives "
    out += "unknown for an unknown argument that matters, and absent for an absent one.\n\n"
    out += f"## Shape functions\n\n{table(('function', 'what it gives'), rows)}"
    return out + f"\n## JMESPath\n\nOf JMESPath itself: {', '.join(code(n) for n in own)}.\n"


def _arguments(shape: object) -> str:
    """The parameters' names, optional ones with a question mark."""
    assert callable(shape)
    names = []
    for parameter in inspect.signature(shape).parameters.values():
        star = "*" if parameter.kind is inspect.Parameter.VAR_POSITIONAL else ""
        optional = "?" if parameter.default is not inspect.Parameter.empty else ""
        names.append(star + parameter.name + optional)
    return f"({', '.join(names)})"
