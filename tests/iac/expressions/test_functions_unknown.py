"""Functions of what is not known: they say what is true whatever it turns out to be."""

from __future__ import annotations

import contextlib
import itertools
import json
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest
from tests.iac.expressions import kit

from trueline.iac.terraform import functions
from trueline.iac.terraform.evaluate.expressions import evaluate
from trueline.iac.terraform.evaluate.types import as_text
from trueline.iac.terraform.evaluate.values import (
    Encoded,
    FunctionError,
    OpenObject,
    TfList,
    TfMap,
    TfSet,
    Value,
)
from trueline.iac.terraform.functions.json_text import json_text, read_json
from trueline.iac.terraform.functions.yaml_functions import yaml_decode
from trueline.iac.terraform.syntax import parse_expression
from trueline.mapping import Unknown

HOLE = "terraform_data.unknown.id"
A = Unknown("after_apply:aws_a.a.id", refs=("aws_a.a",))
B = Unknown("unresolved:var.b", refs=("aws_b.b",))
UNTRACED = Unknown("unresolved:var.c")

FILLINGS: tuple[Value, ...] = (
    *(None, "", "a", "b", "x", "10.0.0.0/8", 0, 1, 2, Decimal("1.5"), True, False),
    *([], ["a"], TfList(["b"]), TfSet(["a", "b"]), {}, {"a": "x"}, TfMap({"z": 1}), [["a"]]),
)


def call(name: str, *args: Value) -> Value:
    return functions.call(name, list(args), kit.Files())


def says(unknown: Value) -> tuple[str, bool, tuple[str, ...]]:
    assert isinstance(unknown, Unknown)
    return unknown.cause, unknown.present, unknown.refs


def with_hole(expression: str, filling: Value) -> tuple[Value, list[str]]:
    world = kit.World({}, {}, {"hole": filling})
    return evaluate(parse_expression(expression), world), world.complaints


def allows(partial: Value, full: Value) -> bool:
    """Could the value known in part turn out to be this one?"""
    if isinstance(partial, Unknown):
        return not (partial.present and full is None)
    if isinstance(partial, OpenObject):
        return isinstance(full, dict) and all(allows(partial.read(k), full[k]) for k in full)
    if isinstance(partial, Encoded):
        return allows(partial.document, yaml_decode(full))
    if isinstance(partial, TfSet):
        known = [each for each in partial if not isinstance(each, Unknown)]
        return len(full) <= len(partial) and all(any(allows(k, f) for f in full) for k in known)
    if isinstance(partial, list):
        pairs = zip(partial, full, strict=True)
        return len(partial) == len(full) and all(allows(p, f) for p, f in pairs)
    if isinstance(partial, dict):
        return partial.keys() == full.keys() and all(allows(partial[k], full[k]) for k in full)
    if partial is None or full is None or isinstance(full, (list, dict)):
        return partial is full
    # The type of a hole is not known, so neither is whether its neighbours become text.
    return bool(as_text(partial) == as_text(full))


@pytest.mark.parametrize(
    "expression", [e for e in kit.expressions("functions_unknown") if HOLE in e]
)
def test_what_is_said_of_a_hole_holds_for_all_that_may_fill_it(expression: str) -> None:
    expression = expression.replace(HOLE, "hole")
    partial, _ = with_hole(expression, Unknown("after_apply:x.y.id", refs=("x.y",)))
    for filling in FILLINGS:
        full, complaints = with_hole(expression, filling)
        if not complaints:
            assert allows(partial, full), f"{filling!r}: {partial!r} and {full!r}"


def test_no_argument_makes_a_function_fail_but_as_terraform_would() -> None:
    opaque: tuple[Value, ...] = (
        *(A, Encoded({"a": A}), OpenObject(A, lambda _: A), [A, "a"], TfSet(["a", A]), {"a": A}),
    )
    some: tuple[Value, ...] = (
        *(None, "", "a", "-1", -1, 2, Decimal("0.5"), True),
        *(["a"], TfList([1]), TfSet([]), {"a": 1}),
    )
    for function in functions.FUNCTIONS.values():
        for count in {len(function.takes), min(len(function.takes) + 1, 3)}:
            for args in itertools.product((*opaque, *some), repeat=count):
                with contextlib.suppress(FunctionError):
                    function(list(args), kit.Files())


def test_an_unknown_argument_gives_its_cause_and_blocks_to_the_result() -> None:
    assert says(call("upper", A)) == (A.cause, True, ("aws_a.a",))
    assert says(call("join", ",", [A, B])) == (A.cause, True, ("aws_a.a", "aws_b.b"))
    assert call("join", ",", [A, UNTRACED]).refs == ()


def test_what_may_be_null_is_not_said_to_be_present() -> None:
    assert not call("lookup", A, "a", None).present
    assert not call("one", A).present
    assert not call("element", A, 0).present
    assert not call("jsondecode", A).present
    assert not call("tostring", A).present


def test_text_of_a_tree_keeps_what_is_known_of_it() -> None:
    text = call("jsonencode", {"Resource": A, "Action": "s3:*"})
    assert isinstance(text, Encoded)
    assert call("jsondecode", text) == {"Resource": A, "Action": "s3:*"}
    assert call("upper", text).refs == ("aws_a.a",)
    assert call("yamldecode", call("yamlencode", [A, 1])) == [A, 1]
    assert says(call("jsonencode", A)) == (A.cause, True, A.refs)


def test_later_maps_decide_over_an_unknown_one() -> None:
    merged = call("merge", A, {"encrypted": True})
    assert isinstance(merged, OpenObject)
    assert merged.read("encrypted") is True
    assert says(merged.read("other")) == (A.cause, False, A.refs)
    assert call("lookup", merged, "encrypted", False) is True
    overridden = call("merge", {"encrypted": True}, A)
    assert isinstance(overridden.read("encrypted"), Unknown)


def test_a_sensitive_value_is_not_held() -> None:
    hidden = call("sensitive", "hunter2")
    assert says(hidden) == ("sensitive", True, ())
    assert call("sensitive", None) is None
    assert says(call("sensitive", {"password": "hunter2"})) == ("sensitive", True, ())
    assert call("issensitive", hidden) is True
    assert call("issensitive", call("upper", hidden)) is True
    assert call("nonsensitive", hidden) == hidden
    assert says(call("sensitive", A)) == ("sensitive", False, A.refs)


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("timestamp", []),
        ("plantimestamp", []),
        ("uuid", []),
        ("bcrypt", ["x"]),
        ("rsadecrypt", ["x", "y"]),
        ("base64gzip", ["x"]),
        ("pathexpand", ["~/.ssh"]),
        ("pow", [2, Decimal("0.3")]),
        ("format", ["%s", None]),
        ("formatlist", ["%s", None]),
        ("cidrsubnet", ["10.1.2.3/8", 8, -1]),
        ("textencodebase64", ["x", "UTF-16"]),
        ("regex", [r"\pL", "x"]),
        ("yamldecode", ["!!binary aGVsbG8="]),
        ("yamlencode", [{"a\nb": 1}]),
        ("timeadd", ["0001-01-01T00:00:00Z", "-1h"]),
    ],
)
def test_what_is_not_reproduced_is_unknown_and_named(name: str, args: list[Value]) -> None:
    result = call(name, *args)
    assert isinstance(result, Unknown)
    assert result.cause == f"unresolved:{name}()"


@pytest.mark.needs("terraform")
def test_every_function_of_terraform_is_known_but_the_lazy_ones(tmp_path: Path) -> None:
    asked = ["terraform", f"-chdir={tmp_path}", "metadata", "functions", "-json"]
    said = json.loads(subprocess.run(asked, capture_output=True, check=True).stdout)
    theirs = {name for name in said["function_signatures"] if "::" not in name}
    assert theirs - {"try", "can"} == functions.FUNCTIONS.keys()


def test_functions_have_a_second_name_and_others_are_refused() -> None:
    assert call("core::upper", "a") == "A"
    with pytest.raises(FunctionError, match="there is no function named 'nosuch'"):
        call("nosuch")


def test_a_wrong_number_of_arguments_is_refused() -> None:
    for name, args in (("upper", []), ("upper", ["a", "b"]), ("lookup", [{}]), ("uuid", [1])):
        with pytest.raises(FunctionError, match="arguments"):
            call(name, *args)


def test_json_is_read_as_it_was_written() -> None:
    value = {"b": [1, Decimal("1.5"), None, True], "a": "<é☃\u2028>"}
    assert read_json(json_text(value)) == value


def test_what_would_fill_the_memory_or_the_clock_is_refused() -> None:
    long = "a" * 1_000_000
    levels = (f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 20)}]" for i in range(1, 12))
    aliases = "\n".join(["a0: &a0 x", *levels])
    for name, args in (
        ("replace", [long, "a", long]),
        ("join", [long, ["b"] * 1000]),
        ("indent", [1_000_000, "\n" * 1000]),
        ("format", ["%999999999s", "x"]),
        ("setproduct", [list(range(1000)), list(range(1000))]),
        ("jsondecode", ["[" * 5000 + "]" * 5000]),
        ("jsondecode", ["1e999999999"]),
        ("format", ["%.9000f", 1]),
        ("yamldecode", ["&a [*a]"]),
        ("yamldecode", ["[" * 500 + "]" * 500]),
        ("yamldecode", [aliases]),
        ("parseint", ["9" * 20_000, 10]),
        ("range", [0, 10**9]),
    ):
        with pytest.raises(FunctionError):
            call(name, *args)


def test_a_pattern_that_would_need_exponential_time_is_answered() -> None:
    assert call("regexall", "(x+x+)+y", "x" * 2000) == []
    assert isinstance(call("regexall", "(.*)(.*)(.*)(.*)(.*)=", "x" * 1_000_000), Unknown)
