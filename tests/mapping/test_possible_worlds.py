"""What is said of a partial document holds in every world it may stand for."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trueline.mapping import compile_condition, compile_expression

from .worlds import agree, completed, partial_documents

NAMES = st.sampled_from(["a", "b", "Key", "Value"])
SCALARS = st.sampled_from([None, True, False, 0, 1, 7, "x", "y", "", "true", "x/y:z", "10.0.0.0/8"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(NAMES, VALUES, min_size=2, max_size=4)

FIELDS = st.sampled_from(["a", "b", "Key", "Value", "a.b", "b.a", "a[0]", "b[-1]", "a[0].b", "@"])
LITERALS = st.sampled_from(
    ["'x'", "'y'", "''", "`1`", "`0`", "`true`", "`false`", "`[]`", "`{}`", "`null`"]
)
OF_ONE = """any_cidr any_true arn_account as_list camel concat csv_rows customer_policies env_flags
iam_statements is_set keys lambda_permissions last_part length max merged min not_null parse_json
port_ranges reverse set_or_empty sort sum tags text_has_secret to_array to_number to_string type
values"""
OF_TWO = """any_true concat contains iam_statements ip_rules join lookup merged not_null starts_with
unless"""


def _wrapped(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pair = st.tuples(inner, inner)
    comparator = st.sampled_from(["==", "!=", "<", ">="])
    one, two = st.sampled_from(OF_ONE.split()), st.sampled_from(OF_TWO.split())
    return st.one_of(
        st.builds(lambda e, f: f"{f}({e})", inner, one),
        st.builds(lambda p, f: f"{f}({p[0]}, {p[1]})", pair, two),
        st.builds(lambda p, c: f"({p[0]}) {c} ({p[1]})", pair, comparator),
        st.builds(lambda p: f"({p[0]}) && ({p[1]})", pair),
        st.builds(lambda p: f"({p[0]}) || ({p[1]})", pair),
        st.builds(lambda e: f"!({e})", inner),
        st.builds(lambda p: f"({p[0]})[?{p[1]}]", pair),
        st.builds(lambda p: f"({p[0]})[?{p[1]}].a", pair),
        st.builds(lambda p: f"({p[0]})[].[{p[1]}]", pair),
        st.builds(lambda p: f"({p[0]})[].not_null({p[1]})", pair),
        st.builds(lambda p: f"({p[0]}) | {p[1]}", pair),
        st.builds(lambda p: f"{{a: {p[0]}, b: {p[1]}}}", pair),
        st.builds(lambda p: f"[{p[0]}, {p[1]}]", pair),
        st.builds(lambda e: f"({e})[]", inner),
        st.builds(lambda e: f"({e})[0]", inner),
        st.builds(lambda e: f"({e})[1:]", inner),
        st.builds(lambda e: f"({e}).*", inner),
        st.builds(lambda p: f"sort_by({p[0]}, &{p[1]})", pair),
        st.builds(lambda p: f"max_by({p[0]}, &{p[1]})", pair),
        st.builds(lambda p: f"map(&({p[1]}), {p[0]})", pair),
    )


TELLING = [
    "!a",
    "a && b",
    "a || b",
    "a[?b].a",
    "is_set(a)",
    "!(a[0])",
    "(a || b) == `true`",
    "a[0]",
]
EXPRESSIONS = st.sampled_from(TELLING) | st.recursive(FIELDS | LITERALS, _wrapped, max_leaves=5)
THOROUGH = settings(
    max_examples=400,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@THOROUGH
@given(EXPRESSIONS, partial_documents(DOCUMENTS), st.data())
def test_an_expression_says_of_a_partial_document_only_what_holds_in_every_world(
    text: str, partial: Any, data: st.DataObject
) -> None:
    world = completed(data.draw, partial, VALUES)
    said, real = compile_expression(text)(partial), compile_expression(text)(world)
    assert agree(said, real), f"{text}\n{partial}\n{world}\nsaid {said}\nreal {real}"


@THOROUGH
@given(EXPRESSIONS, partial_documents(DOCUMENTS), st.data())
def test_a_bool_cell_says_of_a_partial_document_only_what_holds_in_every_world(
    text: str, partial: Any, data: st.DataObject
) -> None:
    world = completed(data.draw, partial, VALUES)
    cell = compile_expression(text, boolean=True)
    said, real = cell(partial), cell(world)
    assert agree(said, real), f"{text}\n{partial}\n{world}\nsaid {said}\nreal {real}"


@THOROUGH
@given(EXPRESSIONS, partial_documents(DOCUMENTS), st.data())
def test_a_condition_says_of_a_partial_document_only_what_holds_in_every_world(
    text: str, partial: Any, data: st.DataObject
) -> None:
    world = completed(data.draw, partial, VALUES)
    said, real = compile_condition(text)(partial), compile_condition(text)(world)
    assert agree(said, real), f"{text}\n{partial}\n{world}\nsaid {said}\nreal {real}"
