"""What is refused, where the error points, and what it suggests."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import yaml
from kit import TYPES, Written, param, policy

from trueline.errors import Where
from trueline.language import LanguageError, compile_policy
from trueline.language.regexps import unportable
from trueline.model import Param

TABLE = yaml.safe_load((Path(__file__).parent / "errors.yaml").read_text(encoding="utf-8"))
DEEP = [
    "(" * 3000 + "locked" + ")" * 3000,
    "NOT " * 2400 + "locked",
    "-" + " -" * 4000 + "1 > size",
    "size = " + " + ".join(["1"] * 2000),
]


def refused(text: str) -> LanguageError:
    with pytest.raises(LanguageError) as caught:
        compile_policy(policy(text, params=param("most", "int", 3)), TYPES)
    return caught.value


@pytest.mark.parametrize(("text", "code", "column", "said"), TABLE, ids=lambda value: str(value))
def test_a_wrong_predicate_is_refused_with_a_pointed_error(
    text: str, code: str, column: int, said: str
) -> None:
    error = refused(text)
    assert error.code == code
    assert f"column {column}:" in error.message
    assert said in f"{error.message} {error.hint}"
    assert error.exit_code == 2


def test_an_error_names_the_file_and_the_place_in_it() -> None:
    broken = dataclasses.replace(policy("locked AND\nsise > 2"), where=Where("a.yaml", 7, 13))
    with pytest.raises(LanguageError) as caught:
        compile_policy(broken, TYPES)
    assert str(caught.value.where) == "a.yaml:8:1"


def test_an_error_in_applies_when_says_so() -> None:
    with pytest.raises(LanguageError, match=r"^applies_when, column 1"):
        compile_policy(policy("locked", "sise > 1"), TYPES)


def test_a_policy_of_an_unknown_type_is_refused() -> None:
    with pytest.raises(LanguageError) as caught:
        compile_policy(policy("locked", resource="bax"), TYPES)
    assert caught.value.hint == "did you mean `box`?"


@pytest.mark.parametrize("kind", ["texts", "text?", "map<text,text>", "list<list<text>>"])
def test_a_parameter_has_a_plain_type_or_a_list_of_one(kind: str) -> None:
    with pytest.raises(LanguageError) as caught:
        compile_policy(policy("size > :x", params={"x": Param("x", kind, "")}), TYPES)
    assert caught.value.code == "parameter-type"


@pytest.mark.parametrize("text", DEEP, ids=["brackets", "not", "minus", "plus"])
def test_deep_nesting_is_refused_before_it_exhausts_the_stack(text: str) -> None:
    assert refused(text).code in ("predicate-too-deep", "predicate-too-long")


def test_a_long_predicate_is_refused() -> None:
    assert refused(" OR ".join(["size = 1"] * 1000)).code == "predicate-too-long"


def test_nested_counts_are_refused_before_they_fill_the_memory() -> None:
    text = "locked"
    for i in range(12):
        text = f"count_of(words, v{i} -> {text}) = 1"
    assert refused(text).code == "predicate-too-large"


def test_a_chain_of_conditions_may_be_long() -> None:
    compile_policy(policy(" OR ".join(f"size = {i}" for i in range(600))), TYPES)


@pytest.mark.parametrize(
    "pattern",
    [
        "(?i)a",
        "(?P<x>a)",
        "a(?!b)",
        r"(a)\1",
        r"\p{L}",
        r"\Aab\Z",
        "a++",
        "a{2,3}+",
        "a{,3}",
        "a{b",
        "}",
        "[[:alpha:]]",
        "[a&&b]",
        "[a",
        "a**",
        "(a",
        "(a{500}){500}",
        "[\\b]",
        "x" * 501,
        "a{1001}",
    ],
)
def test_a_pattern_that_engines_read_differently_is_refused(pattern: str) -> None:
    assert unportable(pattern)


@pytest.mark.parametrize(
    "pattern",
    ["^a.*?b+$", r"(?:a|b){2,}\d+", r"[^\]a-z\-\\]", r"\{\}\(\)\/", "é|x"],
)
def test_a_portable_pattern_is_taken_and_runs(pattern: str) -> None:
    assert unportable(pattern) is None
    judged = policy(f"regexp_matches(label, '{pattern}') AND len(label) > 0")
    assert Written([{"label": ""}]).estate().verdicts(judged) == ["pass"]
