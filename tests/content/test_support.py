"""The helpers of these tests notice what they are there to notice."""

from __future__ import annotations

from typing import Any

import pytest

from trueline.catalog.examples import ExpectedRow
from trueline.catalog.testing import expand_row
from trueline.model import Column, ResourceType, parse_type

from .answers import occurs, operation_model, shaped
from .matching import mismatches
from .plans import alone

THING = ResourceType(
    "aws_thing",
    "Thing",
    "aws",
    {name: Column(name, parse_type("text"), "x") for name in ("name", "kind")},
)


@pytest.mark.parametrize(
    ("path", "answer", "found"),
    [
        (("A",), {"A": "x"}, True),
        (("A",), {"A": None}, False),
        (("A",), {"B": "x"}, False),
        (("A", "[]", "B"), {"A": [{}, {"B": 0}]}, True),
        (("A", "[]", "B"), {"A": [{}, {"C": 0}]}, False),
        (("A", "[]", "B"), {"A": []}, False),
        (("A", "B"), {"A": {"B": False}}, True),
        (("A", "B"), {"A": "B"}, False),
    ],
)
def test_a_path_occurs_where_something_stands_at_it(
    path: tuple[str, ...], answer: Any, found: bool
) -> None:
    assert occurs(path, [{}, answer]) is found


def test_rows_match_in_any_order_and_only_in_equal_number() -> None:
    rows = [expand_row(THING, {"name": name, "kind": "k"}, None) for name in ("a", "b")]
    want = [ExpectedRow({"name": "b"}), ExpectedRow({"name": "a", "kind": "k"})]
    assert mismatches(want, rows, THING) == []
    assert "expected 1 rows, seen 2" in mismatches(want[:1], rows, THING)[0]
    assert "expected 3 rows, seen 2" in mismatches([*want, want[0]], rows, THING)[0]
    wrong = mismatches([ExpectedRow({"name": "b", "kind": "x"}), want[1]], rows, THING)
    assert len(wrong) == 1
    assert "kind: expected 'x', seen 'k'" in wrong[0]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"QueueUrl": ["x"]}, "no member"),
        ({"QueueUrls": "x"}, "is a list"),
        ({"QueueUrls": [5]}, "is a string"),
        ([], "is a structure"),
    ],
)
def test_an_answer_that_the_api_cannot_give_is_refused(answer: Any, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        shaped(answer, operation_model("sqs.ListQueues").output_shape, "sqs.ListQueues")


def test_a_module_taken_out_of_a_plan_is_a_root_module() -> None:
    def change(address: str, module: str) -> dict[str, Any]:
        return {"address": f"{module}.{address}", "module_address": module, "change": {}}

    plan = {
        "format_version": "1.2",
        "planned_values": {
            "root_module": {
                "child_modules": [
                    {"address": "module.a", "resources": [{"address": "module.a.t.x"}]},
                    {"address": "module.b", "resources": [{"address": "module.b.t.y"}]},
                ]
            }
        },
        "resource_changes": [
            change("t.x", "module.a"),
            change("t.z", "module.a.module.inner"),
            change("t.y", "module.b"),
        ],
        "relevant_attributes": [
            {"resource": "module.a.t.x", "attribute": ["id"]},
            {"resource": "module.b.t.y", "attribute": ["id"]},
        ],
        "configuration": {
            "provider_config": {"aws": {}},
            "root_module": {"module_calls": {"a": {"module": {"resources": ["of a"]}}, "b": {}}},
        },
    }
    assert alone(plan, "a") == {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": [{"address": "t.x"}]}},
        "resource_changes": [
            {"address": "t.x", "change": {}},
            {"address": "module.inner.t.z", "module_address": "module.inner", "change": {}},
        ],
        "relevant_attributes": [{"resource": "t.x", "attribute": ["id"]}],
        "configuration": {
            "provider_config": {"aws": {}},
            "root_module": {"resources": ["of a"]},
        },
    }
