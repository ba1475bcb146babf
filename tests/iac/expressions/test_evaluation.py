"""Evaluation is three-valued, lazy, bounded, and never raises."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.iac.expressions import kit

from trueline.iac.terraform.evaluate.expressions import evaluate
from trueline.iac.terraform.evaluate.values import Encoded, OpenObject, Value, plain, unknowns_in
from trueline.iac.terraform.syntax import parse_expression
from trueline.mapping import Unknown, is_unknown

A = Unknown("after_apply:a.x.arn", present=True, refs=("a.x",))
B = Unknown("after_apply:b.y.id", refs=("b.y",))
INPUT = Unknown("unresolved:var.input")


def value_of(expression: str, **variables: Value) -> Value:
    scope = kit.World({}, {"a": A, "b": B, "input": INPUT, **variables})
    return evaluate(parse_expression(expression), scope)


def said(value: Value) -> tuple[str, bool, tuple[str, ...]]:
    assert is_unknown(value), value
    return value.cause, value.present, value.refs


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("var.a", (A.cause, True, ("a.x",))),
        ('"x-${var.a}"', (A.cause, True, ("a.x",))),
        ('"${var.a}-${var.b}"', (A.cause, True, ("a.x", "b.y"))),
        ('"${var.a}-${var.input}"', (A.cause, True, ())),
        ("var.a.name", (A.cause, False, ("a.x",))),
        ("var.b[0]", (B.cause, False, ("b.y",))),
        ("var.b == 1", (B.cause, True, ("b.y",))),
        ("!var.input", (INPUT.cause, True, ())),
        ("var.a + 1", (A.cause, True, ("a.x",))),
        ("var.input ? var.a : var.b", (INPUT.cause, False, ("a.x", "b.y"))),
        ("var.input ? var.a : var.a", (A.cause, True, ("a.x",))),
        ("var.input ? var.a : null", (INPUT.cause, False, ("a.x",))),
        ('var.input ? var.a : "x"', (INPUT.cause, True, ())),
        ("[var.a, var.b][var.input]", (INPUT.cause, False, ("a.x", "b.y"))),
        ("var.input[*].id", (INPUT.cause, True, ())),
        ("[for x in var.b : x]", (B.cause, True, ("b.y",))),
        ("[for x in [1] : x if var.input]", (INPUT.cause, True, ())),
        ("{ (var.input) = 1 }", (INPUT.cause, True, ())),
        ('try(var.input.x, "d")', (INPUT.cause, False, ())),
        ("try(var.a, null)", (A.cause, True, ("a.x",))),
        ("can(var.input.x)", (INPUT.cause, True, ())),
        ("f(var.a)", ("unresolved:f()", False, ())),
        ('try(nosuch(1), "d")', ("unresolved:nosuch()", False, ())),
        ("1 / 0", ("unresolved:1 / 0", False, ())),
        ("[1, 2][5]", ("unresolved:[…][5]", False, ())),
        ("var.input && true", (INPUT.cause, True, ())),
    ],
)
def test_an_unknown_says_why_and_where_it_comes_from(
    expression: str, expected: tuple[str, bool, tuple[str, ...]]
) -> None:
    assert said(value_of(expression)) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("false && var.input", False),
        ("var.input && false", False),
        ("var.input || true", True),
        ("var.input ? 1 : 1", 1),
        ("var.input ? [] : []", []),
        ("var.a == null", False),
        ("null != var.a", True),
        ("[1, var.input] == [2, 3]", False),
        ("{ a = var.input } == { b = 1 }", False),
        ("[var.input, 1][1]", 1),
        ("{ a = var.input, b = 2 }.b", 2),
        ("can(var.a)", True),
        ("[for x in [var.input, 2] : 1]", [1, 1]),
        ("[for k, v in { a = var.input } : k]", ["a"]),
        ("true ? 1 : var.input", 1),
        ("try(1, var.input)", 1),
        ('try([1][3], "d")', "d"),
    ],
)
def test_what_an_unknown_cannot_change_is_known(expression: str, expected: Any) -> None:
    assert value_of(expression) == expected


def test_a_choice_between_objects_is_known_where_they_agree() -> None:
    chosen = value_of('var.input ? { a = 1, b = ["x", 2] } : { a = 1, b = ["x", 3] }')
    assert chosen["a"] == 1
    assert chosen["b"][0] == "x"
    assert said(chosen["b"][1]) == (INPUT.cause, True, ())


def test_a_branch_that_is_not_taken_is_not_blamed() -> None:
    scope = kit.World({}, {"words": []})
    expr = parse_expression('length(var.words) > 0 ? var.words[0] : "none"')
    assert evaluate(expr, scope) == "none"
    assert scope.complaints == []


def test_a_fault_in_one_member_leaves_the_others() -> None:
    made = value_of('{ a = 1, b = [1][7], c = "${null}x" }')
    assert made["a"] == 1
    assert said(made["b"])[0] == "unresolved:[…][7]"
    assert is_unknown(made["c"])


def test_what_terraform_would_complain_about_is_said() -> None:
    scope = kit.World({}, {})
    evaluate(parse_expression('"a" + 1'), scope)
    assert scope.complaints == ["a number is required"]


def test_json_with_unknown_pieces_keeps_its_tree() -> None:
    made = value_of(
        '<<EOT\n{"S": [{"R": "${var.a}/*", "A": ["x", "${var.input}"], "N": ${var.b}, "T": true,'
        ' "J": ${jsonencode({ k = var.a })}}]}\nEOT\n'
    )
    assert isinstance(made, Encoded)
    (statement,) = made.document["S"]
    assert said(statement["R"]) == (A.cause, True, ("a.x",))
    assert statement["A"][0] == "x"
    assert said(statement["A"][1]) == (INPUT.cause, True, ())
    assert said(statement["N"]) == (B.cause, False, ("b.y",))
    assert statement["T"] is True
    assert said(statement["J"]["k"]) == (A.cause, True, ("a.x",))
    assert plain(made)["S"][0]["T"] is True


@pytest.mark.parametrize("text", ['{"${var.a}": 1}', "{ not json ${var.a}", '["a" ${var.a}]'])
def test_what_is_no_json_with_its_unknown_pieces_is_unknown_text(text: str) -> None:
    quoted = text.replace('"', '\\"').replace("${var.a}", "${var.a}")
    assert said(value_of(f'"{quoted}"')) == (A.cause, True, ("a.x",))


def test_an_open_object_is_read_attribute_by_attribute() -> None:
    asked: list[str] = []

    def read(name: str) -> Value:
        asked.append(name)
        return f"<{name}>"

    thing = OpenObject(Unknown("after_apply:a.x", present=True, refs=("a.x",)), read)
    assert value_of("[var.t][*].name", t=thing) == ["<name>"]
    assert value_of('var.t["id"]', t=thing) == "<id>"
    assert value_of("{ for k, v in { x = var.t } : k => v.id }", t=thing) == {"x": "<id>"}
    assert value_of("var.t != null", t=thing) is True
    assert said(value_of("var.t == 1", t=thing)) == ("after_apply:a.x", True, ("a.x",))
    assert asked == ["name", "id", "id"]


@pytest.mark.parametrize(
    "expression",
    [
        "[for a in range(1000) : [for b in range(1000) : [for c in range(1000) : 1]]]",
        '"%{ for a in range(1000) }%{ for b in range(1000) }%{ for c in range(1000) }xxxxxxxxx'
        '%{ endfor }%{ endfor }%{ endfor }"',
        '[for a in range(1000) : join("${a}", range(900))]',
        '[for a in range(1000) : strrev(join("0123456789", range(900)))]',
        '[for a in range(1000) : join("", [for b in range(1000) : "${a}-${b}"])]',
    ],
)
def test_work_is_bounded(expression: str) -> None:
    assert said(value_of(expression))[0].endswith("(too large)")


def test_text_that_doubles_is_bounded() -> None:
    names = {"x0": parse_expression('"0123456789"')}
    for number in range(1, 60):
        last = f"local.x{number - 1}"
        names[f"x{number}"] = parse_expression(f'"${{{last}}}${{{last}}}"')
    made = evaluate(parse_expression("local.x59"), kit.World(names, {}))
    assert is_unknown(made)


def test_a_chain_of_references_without_end_is_unknown() -> None:
    names = {f"x{n}": parse_expression(f"[local.x{n + 1}]") for n in range(3000)}
    made = evaluate(parse_expression("local.x0"), kit.World(names, {}))
    assert any("nested too deeply" in unknown.cause for unknown in unknowns_in(made))


_LEAVES = """
    1 0 2.5 "a" "5" "" true null [] {} var.a var.b var.input local.list local.object local.users
    var.words var.ports var.tags terraform_data.unknown terraform_data.unknown.id local.missing
    local.nil
"""
_OPERATORS = "|| && == != < > <= >= + - * / %"
_FUNCTIONS = """
    length keys values merge concat flatten distinct toset tolist tomap tostring tonumber
    jsonencode coalesce compact join lookup contains element try can format sort one setunion
    zipmap slice replace split max upper cidrsubnet
"""
_ANSWERS: list[Value] = ["x", "5", 7, True, [], {}, None]


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two, three = st.tuples(inner, inner), st.tuples(inner, inner, inner)
    operators = st.sampled_from(_OPERATORS.split())
    functions = st.sampled_from(_FUNCTIONS.split())
    return st.one_of(
        st.builds(lambda op, pair: f"({pair[0]} {op} {pair[1]})", operators, two),
        three.map(lambda t: f"({t[0]} ? {t[1]} : {t[2]})"),
        st.builds(lambda name, args: f"{name}({', '.join(args)})", functions, two | three),
        st.builds(lambda name, arg: f"{name}({arg})", functions, inner),
        inner.map(lambda x: f"!{x}"),
        inner.map(lambda x: f"-{x}"),
        two.map(lambda t: f"({t[0]})[{t[1]}]"),
        inner.map(lambda x: f"({x}).a"),
        inner.map(lambda x: f"({x})[*].name"),
        two.map(lambda t: f"[{t[0]}, {t[1]}]"),
        two.map(lambda t: f"{{ a = {t[0]}, ({t[1]}) = 1 }}"),
        three.map(lambda t: f"[for k, v in {t[0]} : {t[1]} if {t[2]}]"),
        three.map(lambda t: f"{{ for v in {t[0]} : {t[1]} => {t[2]}... }}"),
        two.map(lambda t: f'"x${{{t[0]}}}y${{{t[1]}}}"'),
        two.map(lambda t: f'"{{\\"a\\": \\"${{{t[0]}}}\\", \\"b\\": ${{{t[1]}}}}}"'),
        inner.map(lambda x: f'"%{{ if {x} }}a%{{ endif }}"'),
        inner.map(lambda x: f'"%{{ for x in {x} }}${{x}},%{{ endfor }}"'),
    )


@given(st.recursive(st.sampled_from(_LEAVES.split()), _larger, max_leaves=8))
@settings(max_examples=300, deadline=None)
def test_no_expression_makes_the_evaluator_raise(expression: str) -> None:
    scope = kit.world()
    scope.variables |= {"a": A, "b": B, "input": INPUT}
    kit.shown(evaluate(parse_expression(expression), scope))


@given(
    st.recursive(st.sampled_from(_LEAVES.split()), _larger, max_leaves=6),
    st.sampled_from(_ANSWERS),
)
@settings(max_examples=300, deadline=None)
def test_what_is_known_stays_so_whatever_the_unknown_turns_out_to_be(
    expression: str, answer: Value
) -> None:
    expr = parse_expression(expression)
    before, after = kit.world(), kit.world()
    before.variables |= {"a": A, "b": B, "input": INPUT}
    after.variables |= {"a": "arn", "b": B, "input": answer}
    early = kit.shown(evaluate(expr, before))
    late = kit.shown(evaluate(expr, after))
    if not after.complaints and not before.complaints:
        assert kit.difference(late, early) is None or late == kit.UNKNOWN
