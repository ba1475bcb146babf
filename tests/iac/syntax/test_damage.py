"""A broken file costs what is broken, says so, and hides nothing."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trueline.iac.terraform.syntax import LARGEST, Bad, Body, File, Literal, parse

GOOD = b"""\
# A bucket
resource "aws_s3_bucket" "b" {
  bucket = "name-${var.x}"
  tags = {
    a = 1, "b" = [for x in y : x if x != null]
  }
  policy = <<-EOT
    { "a": "${local.z}" }
    %{ if a }b%{ else }c%{ endif }
  EOT
  rule {
    enabled = true /* yes */
  }
}

variable "x" {
  default = f(1, 2...)
}
"""

JSON = b'{"resource": {"a": {"b": {"c": "${var.x}", "d": [1, {"e": null}]}}}, "locals": {"x": 1}}'


def read_all(body: Body) -> None:
    for attribute in body.attributes.values():
        assert attribute.expr is not None
    for block in body.blocks:
        read_all(block.body)
    if body.json_blocks:
        for name in body.attributes:
            for block in body.nested(name):
                read_all(block.body)


def damaged(body: Body) -> bool:
    bad = any(isinstance(attribute.expr, Bad) for attribute in body.attributes.values())
    return bad or body.damaged is not None or any(damaged(block.body) for block in body.blocks)


def read(source: str, name: str = "main.tf") -> File:
    file = parse(source.encode(), name)
    read_all(file.body)
    return file


def test_the_blocks_around_a_broken_one_survive() -> None:
    file = read('a "1" {\n  x = 1\n}\nlocals {\n  y = "abc\n  z = 2\n}\noutput "3" {\n  w = 3\n}\n')
    assert [block.type for block in file.body.blocks] == ["a", "locals", "output"]
    broken = file.body.blocks[1].body
    assert broken.damaged is not None
    assert (broken.damaged.line, broken.damaged.column) == (5, 7)
    assert isinstance(broken.attributes["y"].expr, Bad)
    assert broken.attributes["y"].expr.reason == "main.tf:5"
    assert isinstance(broken.attributes["z"].expr, Literal)
    assert file.body.blocks[2].body.damaged is None


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("a = \nb = 1\n", 1, "expected an expression, saw the end of the line"),
        ("a {\n  b = [1, 2\n  c = 3\n}\n", 3, "expected `]`, saw `c`"),
        ("a {\n  b = 1\n", 1, "expected `}` that closes the block, saw none"),
        ("a {\n  b = [1 2]\n}\n", 2, "expected `]`, saw `2`"),
        ("a = foo.\n", 1, "expected a name, saw the end of the line"),
        ("a = 1 b = 2\n", 1, "expected the end of the line, saw `b`"),
        ("a = <<EOT\nx\n", 1, "expected a line `EOT` that ends the text, saw the end"),
        ('a = "${b"\n', 1, 'expected `}`, saw `"`'),
        ('a = "b\n', 1, "expected a closing quote on the same line, saw none"),
        ('a = "%{ if b }c"\n', 1, "expected `%{ endif }`, saw the end of the text"),
        ('a = "\\x"\n', 1, "expected an escape such as `\\n` behind `\\`"),
        ("a = 1e999999\n", 1, "a number out of range"),
        ("a = +1\n", 1, "expected an expression, saw `+`"),
        ("}\n", 1, "expected an attribute or a block, saw `}`"),
        (
            "ghp_abcdefghijklmnopqrstuvwxyz\n",
            1,
            "expected an attribute or a block, saw something else",
        ),
        ("key hunter2\n", 1, "expected an attribute or a block, saw `key`"),
        ("a = 1\na = 2\n", 2, "`a` is set again; it is already set in line 1"),
    ],
)
def test_a_problem_names_the_line_and_what_was_seen(source: str, line: int, message: str) -> None:
    file = read(source)
    assert (file.problems[0].line, file.problems[0].message) == (line, message)
    assert damaged(file.body)


def test_an_attribute_that_is_set_twice_has_no_value() -> None:
    file = read('b {\n  acl = "private"\n  acl = "public-read"\n}\n')
    assert isinstance(file.body.blocks[0].body.attributes["acl"].expr, Bad)


def test_what_stands_in_a_broken_object_is_not_taken_for_the_block_s_own() -> None:
    file = read("locals {\n  a = {\n    b 1\n    c = 2\n  }\n  d = 1\n}\n")
    assert set(file.body.blocks[0].body.attributes) == {"a", "d"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a = 1\nb = \xff\n", "expected UTF-8, saw the byte 0xff"),
        (b"\x7fELF\0\0", "expected text, saw binary data"),
        (b"x" * (LARGEST + 1), "expected at most 8388608 bytes, saw 8388609"),
    ],
)
def test_what_is_no_text_is_damaged_as_a_whole(data: bytes, message: str) -> None:
    file = parse(data, "main.tf")
    assert file.body.damaged is file.problems[0]
    assert file.problems[0].message == message


def test_empty_files_are_empty() -> None:
    for name in ("main.tf", "x.tfvars"):
        for data in (b"", b"\n\n", b"# only a comment"):
            file = parse(data, name)
            assert (file.body.attributes, file.body.blocks, file.problems) == ({}, (), [])


@pytest.mark.parametrize(
    "source",
    [
        "a = " + "[" * 5000 + "]" * 5000,
        "a = " + "(" * 5000 + "1" + ")" * 5000,
        "a = " + "!" * 5000 + "b",
        "a = " + "{ b = " * 5000 + "1" + "}" * 5000,
        "a = " + "f(" * 5000 + ")" * 5000,
        "a = " + '"${' * 5000 + "1" + '}"' * 5000,
        "a = " + "1 + " * 5000 + "1",
        "a = b" + ".c" * 5000,
        "a = b" + "[*]" * 5000,
        "a = b ? " * 5000 + "1",
        'a = "' + "%{ if b }" * 5000 + '"',
        "a {\n" * 5000 + "}\n" * 5000,
    ],
)
def test_deep_nesting_is_a_problem_and_no_crash(source: str) -> None:
    assert read(source + "\n").problems


def test_deep_json_is_a_problem_and_no_crash() -> None:
    assert read("[" * 100_000, "main.tf.json").problems
    assert read('{"a":' * 100_000, "main.tf.json").problems


@pytest.mark.parametrize("source", ["a = /*/", "/*/\na {", "a {\n/*/ }\n/* x */\n", "a = 1 /"])
def test_comments_that_do_not_end_are_problems(source: str) -> None:
    assert read(source).problems


def test_large_nonsense_is_read_in_pieces() -> None:
    nonsense = "".join(random.Random(1).choices('abc ={}[]()"$%\n<', k=300_000))
    file = read(f'{nonsense}\nresource "a" "b" {{\n  c = 1\n}}\n')
    assert file.body.damaged or any(block.body.damaged for block in file.body.blocks)
    assert file.body.blocks[-1].labels == ("a", "b")


def test_a_long_file_is_read_like_a_short_one() -> None:
    block = 'resource "a" "b{}" {{\n  c = [1, "x"]\n  d = <<EOT\nresource "no" "no" {{\nEOT\n}}\n'
    source = "".join(block.format(number) for number in range(6000))
    assert len(source) > 300_000
    file = read(source)
    assert file.problems == []
    assert len(file.body.blocks) == 6000
    assert file.body.blocks[5999].span.line == 5999 * 6 + 1


def test_long_values_are_read_without_pieces() -> None:
    source = "".join(f"a{number} = {{\nb = [1,\n2]\n}}\n" for number in range(15_000))
    file = read(source, "x.tfvars")
    assert file.problems == []
    assert len(file.body.attributes) == 15_000


@given(st.integers(0, len(GOOD)))
@settings(max_examples=150, deadline=None)
def test_a_truncated_file_never_raises_and_never_hides_what_is_cut(length: int) -> None:
    file = parse(GOOD[:length], "main.tf")
    read_all(file.body)
    opened = [b'resource "aws_s3_bucket" "b" {', b'variable "x" {']
    for header in opened:
        if GOOD.index(header) + len(header) <= length:
            assert any(header.startswith(b.type.encode()) for b in file.body.blocks)
    whole = GOOD[:length].count(b"\n}") == sum(h in GOOD[:length] for h in opened)
    assert bool(file.problems) is damaged(file.body)
    assert whole or file.problems or not length


@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.binary(max_size=3)), max_size=4))
@settings(max_examples=300, deadline=None)
def test_a_mutated_file_never_raises(edits: list[tuple[int, bytes]]) -> None:
    for name, data in (("main.tf", GOOD), ("main.tf.json", JSON)):
        for at, new in edits:
            data = data[:at] + new + data[at + 1 :]
        read_all(parse(data, name).body)


@given(st.binary(max_size=200), st.sampled_from(["a.tf", "a.tfvars", "a.tf.json", "a.tfvars.json"]))
@settings(max_examples=300, deadline=None)
def test_random_bytes_never_raise(data: bytes, name: str) -> None:
    read_all(parse(data, name).body)


@given(st.text(st.sampled_from('a1 ={}[]()"$%~\n<-E.*?:,#/\\'), max_size=60))
@settings(max_examples=500, deadline=None)
def test_random_signs_never_raise(text: str) -> None:
    read_all(parse(f"a = {text}\n".encode(), "main.tf").body)
    read_all(parse(f"a {{\n{text}\n}}\n".encode(), "main.tf").body)
