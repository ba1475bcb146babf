"""Documents -> typed rows: expressions that carry unknown, shape functions, the four states."""

from trueline.mapping.evaluate import compile_condition, compile_expression
from trueline.mapping.mapper import Mapper
from trueline.mapping.parsing import ExpressionError
from trueline.mapping.paths import expression_paths, lint_expression
from trueline.mapping.rows import finish_row
from trueline.mapping.shapes import SHAPES
from trueline.mapping.unknown import Unknown, is_unknown

__all__ = [
    "SHAPES",
    "ExpressionError",
    "Mapper",
    "Unknown",
    "compile_condition",
    "compile_expression",
    "expression_paths",
    "finish_row",
    "is_unknown",
    "lint_expression",
]
