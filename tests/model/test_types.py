"""The written form of types."""

from __future__ import annotations

import pytest

from trueline.model import STRUCTS, parse_type


@pytest.mark.parametrize(
    "text",
    [
        "bool",
        "text?",
        "list<text>",
        "list<iam_statement>?",
        "map<text,text>",
        "list<struct<port:int,names:list<text>>>",
        "struct<a:text,b:struct<c:time>>",
    ],
)
def test_a_type_is_read_and_written_alike(text: str) -> None:
    assert str(parse_type(text)) == text


def test_a_named_struct_has_its_fields() -> None:
    rule = parse_type("ip_rule")
    assert rule.field("is_any") is not None
    assert rule.field("nothing") is None
    assert rule.fields == STRUCTS["ip_rule"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("txt", "unknown type"),
        ("list<text?>", "never optional"),
        ("struct<a:text?>", "never optional"),
        ("struct<a>", "name:type"),
        ("map<text,int>", "unknown type"),
        ("list<>", "unknown type"),
    ],
)
def test_what_is_no_type_says_why(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_type(text)
