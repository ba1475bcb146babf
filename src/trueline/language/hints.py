"""Why a piece of SQL is not part of the predicate language, and what to write instead."""

from __future__ import annotations

from sqlglot import exp

__all__ = ["refusal"]

_JSON_FUNCTIONS = ("json", "->")
_NETWORK = ("inet", "host", "netmask", "family", "network", "broadcast")

_REFUSED: tuple[tuple[tuple[type[exp.Expr], ...], str, str, str], ...] = (
    (
        (exp.Is, exp.Null, exp.NullSafeEQ, exp.NullSafeNEQ),
        "null",
        "NULL means `not known` here and cannot be tested",
        "use is_set(column) or is_absent(column) on an optional column; "
        "a plain column is known, or makes the verdict unknown by itself",
    ),
    (
        (exp.Case, exp.If),
        "case",
        "CASE and IF are not part of the language",
        "write it with AND, OR and NOT",
    ),
    (
        (exp.Query, exp.Exists, exp.Any, exp.All, exp.Join),
        "sub-query",
        "sub-queries and joins are not written in a predicate",
        "use a relation: any_of(relation, x -> x.column …)",
    ),
    (
        (exp.AggFunc, exp.Window),
        "aggregate",
        "aggregates are not part of the language",
        "use count_of(list, x -> condition) or len(list)",
    ),
    (
        (exp.Div, exp.IntDiv, exp.Mod, exp.Pow),
        "operator",
        "engines disagree about division",
        "multiply the other side: `a > 2 * b` instead of `a / b > 2`",
    ),
    (
        (exp.JSONExtract, exp.JSONExtractScalar, exp.JSONCast),
        "json",
        "JSON is not read in a predicate",
        "map the member to a column; a lambda `x -> …` belongs inside any_of, all_of or none_of",
    ),
    (
        (exp.ILike,),
        "operator",
        "ILIKE is not part of the language",
        "write lower(column) LIKE 'lower-case pattern'",
    ),
    (
        (exp.DPipe, exp.Concat),
        "operator",
        "texts are not joined in a predicate",
        "compare the parts, or use starts_with or LIKE",
    ),
    (
        (exp.RegexpLike, exp.SimilarTo),
        "operator",
        "the operators ~ and SIMILAR TO are not part of the language",
        "write regexp_matches(column, 'pattern')",
    ),
    (
        (exp.Bracket,),
        "operator",
        "elements are not read by position",
        "use any_of(list, x -> …); of a tag: tag('key')",
    ),
    (
        (exp.ArraySize, exp.Length),
        "unknown-function",
        "this function is written len(…) here",
        "len(list) or len(text)",
    ),
    (
        (exp.Cast, exp.TryCast),
        "cast",
        "values are not converted in a predicate",
        "give the column the right type in the resource file",
    ),
    (
        (exp.CurrentDate, exp.CurrentTimestamp, exp.CurrentTime),
        "clock",
        "the clock is not read in a predicate",
        "use days_since(column), which counts to the end of the snapshot",
    ),
    (
        (exp.Alias, exp.Aliases),
        "syntax",
        "there is something left over after the condition",
        "join conditions with AND or OR",
    ),
    (
        (exp.Lambda,),
        "lambda",
        "a lambda stands only inside any_of, all_of, none_of and count_of",
        "any_of(list, x -> x.field = 'a')",
    ),
)


def refusal(node: exp.Expr, text: str, written: str = "") -> tuple[str, str, str | None]:
    """Code, message and hint for a node that the language does not have.

    `written` is the function's name in the predicate, where it is one.
    """
    for kinds, code, message, hint in _REFUSED:
        if isinstance(node, kinds):
            return code, f"`{text}`: {message}", hint
    if isinstance(node, exp.Func):
        name = written or text.partition("(")[0].lower()
        if name.startswith(_JSON_FUNCTIONS):
            return "json", f"`{text}`: JSON is not read in a predicate", "map it to a column"
        if name in _NETWORK:
            hint = "compare first, last, prefix_len or is_any of the rule"
            return "network", f"`{text}`: network functions are not portable", hint
        return "unknown-function", f"no function `{name}`", None
    return "syntax", f"`{text}` is not part of the predicate language", None
