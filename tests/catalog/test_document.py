"""YAML text as a placed tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from trueline.catalog.document import (
    MAX_BYTES,
    MAX_DEPTH,
    DocumentError,
    parse_document,
    plain,
    read_document,
)
from trueline.catalog.problems import Problem


def refused(text: str) -> Problem:
    with pytest.raises(DocumentError) as caught:
        parse_document(text, "f.yaml")
    return caught.value.problem


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True),
        ("false", False),
        ("yes", "yes"),
        ("on", "on"),
        ("True", "True"),
        ("2026-01-31", "2026-01-31"),
        ("12:30:45", "12:30:45"),
        ("017", "017"),
        ("0x1F", "0x1F"),
        ("012345678901", "012345678901"),
        ("111122223333", 111122223333),
        ("-5", -5),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        (".inf", ".inf"),
        ("null", None),
        ("~", None),
        ("'true'", "true"),
        ('"5"', "5"),
        ("text?", "text?"),
    ],
)
def test_plain_scalars_are_read_by_the_rules_of_json(written: str, value: object) -> None:
    read = plain(parse_document(f"key: {written}\n", "f.yaml").root)["key"]
    assert read == value
    assert type(read) is type(value)


def test_every_key_and_value_knows_its_line_and_column() -> None:
    document = parse_document("a:\n  b: [1,\n      two]\n", "f.yaml")
    key, inner = document.root.entries["a"]
    assert (key.line, key.column) == (1, 1)
    b, listed = inner.entries["b"]  # type: ignore[union-attr]
    assert (b.line, b.column) == (2, 3)
    assert [(i.line, i.column) for i in listed.items] == [(2, 7), (3, 7)]


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("k: abcdef", 1, 6),
        ("k: 'abcdef'", 1, 7),
        ("k: |-\n    abcdef", 2, 7),
        ("k: |-\n  x\n  abcdef", 2, 3),
    ],
)
def test_an_offset_into_a_text_is_a_place_in_the_file(text: str, line: int, column: int) -> None:
    document = parse_document(text, "f.yaml")
    where = document.inside(document.root.entries["k"][1], 2)
    expected = (3, 3) if "x\n" in text else (line, column)
    assert (where.line, where.column) == expected


@pytest.mark.parametrize("style", [">-", ">", "|-", "|"])
def test_every_letter_of_a_block_is_found_where_it_stands(style: str) -> None:
    text = f"a: 1\nk: {style}\n    abc def\n    gh\n\n    ij\n\n\n    klm\nz: 1"
    document = parse_document(text, "f.yaml")
    value = document.root.entries["k"][1].value  # type: ignore[union-attr]
    for offset, letter in enumerate(value):
        where = document.inside(document.root.entries["k"][1], offset)
        if letter not in " \n":
            assert text.splitlines()[where.line - 1][where.column - 1] == letter


@pytest.mark.parametrize("key", ["on", "off", "Yes", "no", "true", "null", "~", "y"])
def test_a_key_that_other_readers_take_for_a_boolean_is_refused(key: str) -> None:
    problem = refused(f"a: 1\n{key}: 2\n")
    assert "is no name for a key" in problem.message
    assert (problem.where.line, problem.where.column) == (2, 1)


def test_a_key_written_twice_is_refused_with_both_places() -> None:
    problem = refused("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n")
    assert problem.message == "key 'c' is written twice"
    assert problem.where.line == 5
    assert problem.hint == "first on line 3"


def test_numbers_as_keys_keep_their_spelling() -> None:
    assert list(parse_document("1.10: a\n1.1: b\n", "f.yaml").root.entries) == ["1.10", "1.1"]


@pytest.mark.parametrize("text", ["k: !!python/object:os.system x", "k: !thing {a: 1}"])
def test_tags_are_refused(text: str) -> None:
    assert "tags have no meaning" in refused(text).message


def test_a_key_of_excessive_length_is_refused() -> None:
    assert "at most 200 characters" in refused(f"{'k' * 201}: 1\n").message


def test_a_second_document_is_refused() -> None:
    assert refused("a: 1\n---\nb: 2\n").where.line == 2


@pytest.mark.parametrize("text", ["", "- a\n", "text"])
def test_the_top_of_a_file_is_a_mapping(text: str) -> None:
    assert "expected a mapping" in refused(text).message


def test_an_alias_stands_for_the_value_of_its_anchor() -> None:
    document = parse_document("a: &x {b: 1}\nc: *x\n", "f.yaml")
    assert plain(document.root) == {"a": {"b": 1}, "c": {"b": 1}}


def test_an_alias_inside_its_own_anchor_is_refused() -> None:
    assert "no finished value" in refused("a: &x [1, *x]\n").message


def test_aliases_that_multiply_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    assert "at most 100,000 values" in refused("\n".join(lines)).message


def test_deep_nesting_is_refused() -> None:
    assert f"more than {MAX_DEPTH} deep" in refused("a: " + "[" * 500 + "]" * 500).message


def test_a_large_file_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    path.write_text("#" * (MAX_BYTES + 1))
    with pytest.raises(DocumentError, match="at most"):
        read_document(path)


def test_text_that_is_not_utf_8_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"a: 1\nb: \xe9\n")
    with pytest.raises(DocumentError) as caught:
        read_document(path)
    assert caught.value.problem.where.line == 2


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="cannot read"):
        read_document(tmp_path / "missing.yaml")


def test_a_syntax_error_has_its_place_and_a_hint() -> None:
    problem = refused("a: 1\nb: {type: x, live: `y`}\n")
    assert problem.where.line == 2
    assert problem.hint is not None
    assert "quotation marks" in problem.hint
