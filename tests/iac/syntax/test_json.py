"""JSON syntax becomes the same tree."""

from __future__ import annotations

import json
from typing import Any

from trueline.iac.terraform.syntax import (
    Bad,
    File,
    ListExpr,
    Literal,
    Name,
    ObjectExpr,
    Span,
    Template,
    parse,
)


def read(tree: Any, name: str = "main.tf.json") -> File:
    return parse(json.dumps(tree, indent=1).encode(), name)


def test_labels_are_levels_of_objects_and_lists_are_more_blocks() -> None:
    file = read(
        {
            "//": "a comment",
            "resource": {"aws_x": {"a": {"n": 1}, "b": [{"n": 2}, {"n": 3}]}},
            "data": [{"aws_y": {"c": {}}}, {"aws_z": {"d": {}}}],
            "locals": {"x": 1},
            "terraform": [{"required_version": "1"}],
        }
    )
    assert file.problems == []
    assert [(block.type, block.labels) for block in file.body.blocks] == [
        ("resource", ("aws_x", "a")),
        ("resource", ("aws_x", "b")),
        ("resource", ("aws_x", "b")),
        ("data", ("aws_y", "c")),
        ("data", ("aws_z", "d")),
        ("locals", ()),
        ("terraform", ()),
    ]


def test_places_are_those_of_the_file() -> None:
    file = parse(b'{\n  "locals": {\n    "x": "ok", "y": [1, "${var.z}"]\n  }\n}\n', "a.tf.json")
    attributes = file.body.blocks[0].body.attributes
    assert attributes["x"].span == Span(3, 5, 3, 14)
    assert attributes["x"].expr == Literal("ok", Span(3, 10, 3, 14))
    listed = attributes["y"].expr
    assert isinstance(listed, ListExpr)
    assert listed.items[1].span == Span(3, 25, 3, 35)


def test_text_is_a_template_and_keys_too() -> None:
    file = read({"locals": {"a": "x-${var.y}", "b": "${var.y}", "c": {"${var.k}": "$${no}"}}})
    attributes = file.body.blocks[0].body.attributes
    assert isinstance(attributes["a"].expr, Template)
    assert attributes["b"].expr.__class__.__name__ == "GetAttr"
    made = attributes["c"].expr
    assert isinstance(made, ObjectExpr)
    (key, value) = made.items[0]
    assert not isinstance(key, Literal | Name)
    assert isinstance(value, Literal)
    assert value.value == "${no}"


def test_a_key_is_an_attribute_and_a_block_as_one_asks() -> None:
    file = read({"resource": {"t": {"n": {"rule": [{"a": 1}, {"a": 2}], "dynamic": {"x": {}}}}}})
    body = file.body.blocks[0].body
    assert isinstance(body.attributes["rule"].expr, ListExpr)
    assert [block.type for block in body.nested("rule")] == ["rule", "rule"]
    (dynamic,) = body.nested("dynamic", labels=1)
    assert dynamic.labels == ("x",)
    assert body.nested("other") == ()


def test_values_of_variables_are_no_templates() -> None:
    file = read({"variable": {"v": {"default": "${x}", "description": "d"}}})
    assert file.body.blocks[0].body.attributes["default"].expr.value == "${x}"  # type: ignore[union-attr]
    values = read({"a": "${x}", "b": {"c": "%{y}"}}, "x.tfvars.json")
    assert values.body.attributes["a"].expr.value == "${x}"  # type: ignore[union-attr]
    assert values.body.blocks == ()


def test_broken_json_is_damaged_as_a_whole() -> None:
    for source, line in (
        (b'{\n"a": }', 2),
        (b"[1]", 1),
        (b'{"a": 1} x', 1),
        (b'{"a" 1}', 1),
        (b"", 1),
        (b'{"a": "\\q"}', 1),
    ):
        file = parse(source, "main.tf.json")
        assert file.body.damaged is file.problems[0]
        assert file.problems[0].line == line


def test_a_fault_inside_a_text_costs_that_text() -> None:
    file = read({"locals": {"a": "${x", "b": 1}})
    attributes = file.body.blocks[0].body.attributes
    assert isinstance(attributes["a"].expr, Bad)
    assert isinstance(attributes["b"].expr, Literal)
    assert file.problems


def test_a_block_that_is_no_object_is_damaged() -> None:
    file = read({"resource": {"t": {"n": 5}}})
    assert file.body.blocks[0].body.damaged is not None


def test_a_key_that_is_set_twice_has_no_value() -> None:
    file = parse(b'{"locals": {"a": 1, "a": 2}}', "main.tf.json")
    assert isinstance(file.body.blocks[0].body.attributes["a"].expr, Bad)
    assert file.problems[0].message == "`a` is set again"
