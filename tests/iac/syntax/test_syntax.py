"""Terraform's native syntax becomes a tree with exact places."""

from __future__ import annotations

from decimal import Decimal

import pytest

from trueline.iac.terraform.syntax import (
    Bad,
    Binary,
    Body,
    Call,
    Conditional,
    Expression,
    ForList,
    ForObject,
    GetAttr,
    Index,
    ListExpr,
    Literal,
    Name,
    ObjectExpr,
    Span,
    Splat,
    Template,
    Unary,
    expression_names,
    parse,
    parse_expression,
    parse_template,
    short_text,
)


def read(source: str) -> Body:
    file = parse(source.encode(), "main.tf")
    assert file.problems == []
    return file.body


def test_a_block_has_type_labels_and_places() -> None:
    body = read('\n  resource "aws_x" "y" {\n    name = "n"\n\n    rule {}\n  }\n')
    (block,) = body.blocks
    assert (block.type, block.labels) == ("resource", ("aws_x", "y"))
    assert block.span == Span(2, 3, 6, 4)
    assert block.header_span == Span(2, 3, 2, 23)
    attribute = block.body.attributes["name"]
    assert attribute.span == Span(3, 5, 3, 15)
    assert attribute.name_span == Span(3, 5, 3, 9)
    assert attribute.expr == Literal("n", Span(3, 12, 3, 15))
    assert [inner.type for inner in block.body.nested("rule")] == ["rule"]


def test_columns_are_counted_in_characters() -> None:
    body = read('a = "Zürich ☃ 😀"\nb = ["ü", x]\n')
    assert body.attributes["a"].expr.span == Span(1, 5, 1, 17)
    listed = body.attributes["b"].expr
    assert isinstance(listed, ListExpr)
    assert listed.items[1].span == Span(2, 11, 2, 12)


def test_a_byte_order_mark_and_windows_lines_are_no_problem() -> None:
    file = parse(b'\xef\xbb\xbfa = 1\r\nb {\r\n  c = "x"\r\n}\r\n', "main.tf")
    assert file.problems == []
    assert file.body.attributes["a"].expr == Literal(1, Span(1, 5, 1, 6))
    assert file.body.blocks[0].body.attributes["c"].expr == Literal("x", Span(3, 7, 3, 10))


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1", 1),
        ("1.50", Decimal("1.5")),
        ("2.0", 2),
        ("1e3", 1000),
        ("true", True),
        ("null", None),
        ('"a\\n\\"b\\" \\\\ \\u00e9"', 'a\n"b" \\ é'),
        ('"$${x} %%{y} $ % $$"', "${x} %{y} $ % $$"),
        ("<<EOT\n a\n  b\nEOT", " a\n  b\n"),
        ("<<-EOT\n  a\n    b\n  EOT", "a\n  b\n"),
    ],
)
def test_constants_are_literals(written: str, value: object) -> None:
    expr = read(f"x = {written}\n").attributes["x"].expr
    assert isinstance(expr, Literal)
    assert expr.value == value
    assert type(expr.value) is type(value)


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("a.b", GetAttr),
        ("a[0]", Index),
        ("a.0", Index),
        ("a[*].b", Splat),
        ("a.*.b", Splat),
        ("-a", Unary),
        ("a && b", Binary),
        ("a ? b : c", Conditional),
        ("f(a, b...)", Call),
        ("provider::x::y(1)", Call),
        ("[a]", ListExpr),
        ("{ a = 1 }", ObjectExpr),
        ("[for x in y : x]", ForList),
        ("{ for k, v in y : k => v... if v }", ForObject),
        ('"${a}"', Name),
        ('"${a}b"', Template),
    ],
)
def test_every_kind_of_expression_is_read(written: str, kind: type) -> None:
    expr = parse_expression(written)
    assert isinstance(expr, kind)
    assert expr.span[:2] == (1, 1) or kind is Name


def test_operators_bind_as_in_terraform() -> None:
    def shape(expr: Expression) -> str:
        if isinstance(expr, Binary):
            return f"({shape(expr.left)}{expr.op}{shape(expr.right)})"
        if isinstance(expr, Conditional):
            return f"({shape(expr.test)}?{shape(expr.then)}:{shape(expr.otherwise)})"
        if isinstance(expr, Unary):
            return f"[{expr.op}{shape(expr.operand)}]"
        return short_text(expr)

    assert (
        shape(parse_expression("a || b && c == d < e + f * -g"))
        == ("(a||(b&&(c==(d<(e+(f*[-g])))))") + ")"
    )
    assert shape(parse_expression("a - b - c")) == "((a-b)-c)"
    assert shape(parse_expression("!a.b && c")) == "([!a.b]&&c)"
    assert shape(parse_expression("a ? b : c ? d : e")) == "(a?b:(c?d:e))"
    assert shape(parse_expression("(a + b) * c")) == "((a+b)*c)"


def test_a_splat_says_what_is_made_of_each_element() -> None:
    full = parse_expression("a[*].b[0]")
    assert isinstance(full, Splat)
    assert full.full
    assert isinstance(full.each, Index)
    names_only = parse_expression("a.*.b[0]")
    assert isinstance(names_only, Index)
    assert isinstance(names_only.object, Splat)
    assert not names_only.object.full


def test_comments_are_kept_with_their_place_and_whether_they_stand_alone() -> None:
    source = '# one\na = 1 // two\n/* three\nlines */\nb = ["#no", # four\n  2]\n'
    comments = parse(source.encode(), "main.tf").comments
    assert [(c.line, c.end_line, c.text, c.alone) for c in comments] == [
        (1, 1, "# one", True),
        (2, 2, "// two", False),
        (3, 4, "/* three\nlines */", True),
        (5, 5, "# four", False),
    ]


def test_expressions_are_read_when_they_are_asked_for() -> None:
    file = parse(b"a = [1, 2\n]\nb = { c = 1 d = 2 }\n", "main.tf")
    assert file.problems == []
    assert isinstance(file.body.attributes["b"].expr, Bad)
    assert [(p.line, p.message) for p in file.problems] == [(3, "expected `}`, saw `d`")]
    assert file.body.attributes["b"].expr is file.body.attributes["b"].expr


def test_names_in_an_expression_are_found_without_those_of_its_own() -> None:
    written = '[for k, v in var.m : "${k}-${v.x}-${local.y[each.key].z}" if aws_x.y[0].id != null]'
    assert sorted(expression_names(parse_expression(written))) == [
        ("aws_x", ("y",)),
        ("each", ("key",)),
        ("local", ("y",)),
        ("var", ("m",)),
    ]


@pytest.mark.parametrize(
    "written",
    ["var.x.y", 'aws_x.y["k"].arn', 'f(a, "")', "a ? b : c", "!a", '"${b}${c}"', "a[*].b", "a + 1"],
)
def test_short_text_is_what_was_written(written: str) -> None:
    assert short_text(parse_expression(written)) == written


def test_short_text_leaves_out_texts_that_may_be_secrets() -> None:
    assert short_text(parse_expression('f("hunter2", "a-${b}")')) == 'f("…", "…${b}")'


def test_short_text_is_short() -> None:
    assert len(short_text(parse_expression("x" + ".abcdefghij" * 100))) <= 60
    assert len(short_text(parse_expression("f(" * 50 + ")" * 50))) <= 60


def test_a_template_is_read_from_bare_text() -> None:
    made = parse_template('Hello "${name}"!\n%{ if x }yes%{ endif }\n', "greeting.tpl")
    assert isinstance(made, Template)
    assert made.parts[0] == 'Hello "'
    assert isinstance(parse_template("%{ if x }", "broken.tpl"), Bad)
