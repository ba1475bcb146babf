"""What a change introduces, leaves and fixes, on rows and verdicts made by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueline.iac.changes import Changes, compare, counterparts
from trueline.model import (
    Cause,
    CodeRows,
    ResourceRef,
    Scope,
    ScopeState,
    Verdict,
    VerdictException,
)

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
BUCKET = "aws_s3_bucket"


@dataclass
class Side:
    """One side: `(root, address)` → (status, fingerprint); `whole` False: not all was read."""

    rows: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    moved: Sequence[tuple[str, str]] = ()
    whole: bool = True
    excused: bool = False
    also: Sequence[str] = ()
    folder: str = ""

    def code(self) -> CodeRows:
        rows: dict[str, list[dict[str, str]]] = {}
        for (root, address), (_, fingerprint) in self.rows.items():
            table = address.split(".")[-2]
            rows.setdefault(table, []).append(
                {
                    "uid": f"code:{root}:{address}",
                    "address": address,
                    "fingerprint": fingerprint,
                    "source_file": f"{self.folder or root}/main.tf",
                }
            )
        roots = {root for root, _ in self.rows} | set(self.also)
        scopes = tuple(
            ScopeState(Scope("aws", f"code:{root}", "", BUCKET), self.whole, START)
            for root in roots
        )
        moved = tuple((f"code::{a}", f"code::{b}") for a, b in self.moved)
        return CodeRows(rows=rows, scopes=scopes, moved=moved)

    def verdicts(self) -> list[Verdict]:
        excuse = VerdictException("suppression", "a.tf:1", "", None, None) if self.excused else None
        return [
            Verdict(
                "p", status, "high", None,
                ResourceRef(
                    f"code:{root}:{address}", BUCKET, None, "aws", None, None, "source", address
                ),
                unknown=(Cause("c", "unresolved:var.x"),) if status == "unknown" else (),
                exception=excuse,
            )
            for (root, address), (status, _) in self.rows.items()
            if status != "none"
        ]  # fmt: skip


def side(*addresses: str, root: str = "", status: str = "fail", **more: object) -> Side:
    """Each address with a fingerprint of its own, unless one stands behind `=`."""
    rows = {}
    for each in addresses:
        address, _, print_ = each.partition(" = ")
        rows[root, address] = (status, print_ or f"of {root} {address}")
    return Side(rows, **more)  # type: ignore[arg-type]


def compared(head: Side, base: Side) -> Changes:
    return compare(head.verdicts(), base.verdicts(), head.code(), base.code())


def introduced(head: Side, base: Side) -> list[str | None]:
    return [v.resource.address for v in compared(head, base).verdicts if v.change == "introduced"]


@pytest.mark.parametrize(
    ("was", "now", "change"),
    [
        ("fail", "fail", "left"), ("pass", "fail", "introduced"),
        ("unknown", "fail", "introduced"), ("none", "fail", "introduced"),
        ("fail", "unknown", "introduced"), ("unknown", "unknown", "left"),
        ("pass", "unknown", "introduced"), ("fail", "pass", None), ("pass", "pass", None),
    ],
)  # fmt: skip
def test_what_was_tells_what_the_change_did(was: str, now: str, change: str | None) -> None:
    found = compared(side("aws_s3_bucket.a", status=now), side("aws_s3_bucket.a", status=was))
    assert [v.change for v in found.verdicts] == [change]
    assert [v and v.status for v in found.before] == [None if was == "none" else was]
    assert [v.status for v in found.fixed] == (["fail"] if (was, now) == ("fail", "pass") else [])


def test_a_new_fail_is_introduced_and_a_lost_one_is_fixed() -> None:
    found = compared(side("aws_s3_bucket.new"), side("aws_s3_bucket.old"))
    assert [v.change for v in found.verdicts] == ["introduced"]
    assert [v.resource.address for v in found.fixed] == ["aws_s3_bucket.old"]


def test_a_fail_whose_policy_does_not_apply_any_more_is_fixed() -> None:
    found = compared(side("aws_s3_bucket.a", status="none"), side("aws_s3_bucket.a"))
    assert len(found.fixed) == 1


def test_nothing_is_fixed_that_the_head_may_not_have_shown() -> None:
    broken = Side(whole=False, also=[""])
    assert compared(broken, side("aws_s3_bucket.a")).fixed == ()
    assert len(compared(Side(also=[""]), side("aws_s3_bucket.a")).fixed) == 1
    assert compared(side("aws_s3_bucket.a", status="unknown"), side("aws_s3_bucket.a")).fixed == ()


def test_a_fail_that_was_excused_and_is_no_more_is_introduced() -> None:
    excused = side("aws_s3_bucket.a", excused=True)
    assert introduced(side("aws_s3_bucket.a"), excused) == ["aws_s3_bucket.a"]
    assert introduced(side("aws_s3_bucket.a", excused=True), excused) == []


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        ("aws_s3_bucket.a", "aws_s3_bucket.b", [("aws_s3_bucket.a", "aws_s3_bucket.b")]),
        ('aws_s3_bucket.a["x"]', 'aws_s3_bucket.b["x"]', [("aws_s3_bucket.a", "aws_s3_bucket.b")]),
        ("aws_s3_bucket.a[1]", 'aws_s3_bucket.a["x"]',
         [("aws_s3_bucket.a[1]", 'aws_s3_bucket.a["x"]')]),
        ("aws_s3_bucket.a", 'aws_s3_bucket.a["x"]',
         [("aws_s3_bucket.a", 'aws_s3_bucket.a["x"]')]),
        ("aws_s3_bucket.a", "module.m.aws_s3_bucket.this",
         [("aws_s3_bucket.a", "module.m.aws_s3_bucket.this")]),
        ("module.m.aws_s3_bucket.a", "module.n.aws_s3_bucket.a", [("module.m", "module.n")]),
        ("module.m[0].aws_s3_bucket.a", 'module.m["x"].aws_s3_bucket.a',
         [("module.m[0]", 'module.m["x"]')]),
        ("aws_s3_bucket.a", "aws_s3_bucket.c",
         [("aws_s3_bucket.a", "aws_s3_bucket.b"), ("aws_s3_bucket.b", "aws_s3_bucket.c")]),
        ("module.m.aws_s3_bucket.a", "module.n.aws_s3_bucket.b",
         [("module.m", "module.n"), ("module.n.aws_s3_bucket.a", "module.n.aws_s3_bucket.b")]),
        ("aws_s3_bucket.a", "aws_s3_bucket.a[0]", []),
        ("aws_s3_bucket.a[0]", "aws_s3_bucket.a", []),
        ("module.m.aws_s3_bucket.a", "module.m[0].aws_s3_bucket.a", []),
    ],
)  # fmt: skip
def test_what_terraform_moves_is_the_same_resource(
    before: str, after: str, moved: list[tuple[str, str]]
) -> None:
    head, base = side(after, moved=moved), side(before)
    assert counterparts(head.code(), base.code()) == {f"code::{before}": f"code::{after}"}
    assert introduced(head, base) == []
    assert compared(head, base).fixed == ()


def test_moved_blocks_that_lead_in_a_circle_come_to_an_end() -> None:
    moved = [("aws_s3_bucket.a", "aws_s3_bucket.b"), ("aws_s3_bucket.b", "aws_s3_bucket.a")]
    assert introduced(side("aws_s3_bucket.c", moved=moved), side("aws_s3_bucket.a")) == [
        "aws_s3_bucket.c"
    ]


def test_a_move_of_one_resource_does_not_take_its_neighbours_along() -> None:
    moved = [("aws_s3_bucket.a", "aws_s3_bucket.b[0]")]
    head = side("aws_s3_bucket.b[0]", "aws_s3_bucket.bc", moved=moved)
    base = side("aws_s3_bucket.a", "aws_s3_bucket.ac")
    assert introduced(head, base) == ["aws_s3_bucket.bc"]


def test_a_root_module_in_another_directory_is_the_same() -> None:
    names = ["aws_s3_bucket.a", "aws_s3_bucket.b", 'module.m["x"].aws_s3_bucket.c']
    base, head = side(*names, root="infra"), side(*names, root="terraform/aws")
    assert introduced(head, base) == []
    assert compared(head, base).fixed == ()


def test_environments_that_move_together_are_told_apart_by_what_they_hold() -> None:
    rows = {
        (f"{top}{env}", "aws_s3_bucket.a"): ("fail" if env == "dev" else "pass", env)
        for top in ("envs/",) for env in ("dev", "prod")
    }  # fmt: skip
    there = {(f"live/eu/{root[5:]}", address): row for (root, address), row in rows.items()}
    assert introduced(Side(there), Side(rows)) == []


def test_a_copy_of_a_root_module_is_new() -> None:
    base = side("aws_s3_bucket.a", root="one")
    head = Side(base.rows | {("two", "aws_s3_bucket.a"): ("fail", "of one aws_s3_bucket.a")})
    assert len(introduced(head, base)) == 1


def test_a_module_call_of_another_name_is_the_same() -> None:
    inside = ["aws_s3_bucket.a", 'aws_s3_bucket.b["k.[0]"]', "module.deep.aws_s3_bucket.c"]
    base = side(*(f'module.old["x"].{name}' for name in inside), "module.kept.aws_s3_bucket.a")
    head = side(*(f'module.new["x"].{name}' for name in inside), "module.kept.aws_s3_bucket.a")
    assert introduced(head, base) == []


def test_a_second_call_of_a_module_is_new() -> None:
    base = side("module.one.aws_s3_bucket.a")
    head = side("module.one.aws_s3_bucket.a", "module.two.aws_s3_bucket.a")
    assert introduced(head, base) == ["module.two.aws_s3_bucket.a"]


def test_a_call_of_quite_another_module_is_new() -> None:
    base = side("module.old.aws_s3_bucket.a", "module.old.aws_s3_bucket.b")
    head = side("module.new.aws_s3_bucket.x", "module.new.aws_s3_bucket.y", folder="other")
    assert len(introduced(head, base)) == 2


def test_a_resource_of_another_name_and_the_same_configuration_is_the_same() -> None:
    base = side("aws_s3_bucket.a = f", "aws_s3_bucket.kept")
    head = side("module.m.aws_s3_bucket.this = f", "aws_s3_bucket.kept")
    assert introduced(head, base) == []
    assert introduced(side("aws_s3_bucket.b = g"), side("aws_s3_bucket.a = f")) == [
        "aws_s3_bucket.b"
    ]


def test_two_new_resources_are_not_both_the_one_that_is_gone() -> None:
    base = side("aws_s3_bucket.a = f")
    head = side("aws_s3_bucket.b = f", "aws_s3_bucket.c = f")
    assert introduced(head, base) == ["aws_s3_bucket.c"]


def test_a_module_that_is_called_from_elsewhere_holds_the_same_resources() -> None:
    alone = side("aws_s3_bucket.this", root="modules/m", folder="modules/m")
    called = side("module.m.aws_s3_bucket.this", root="live", folder="modules/m")
    keyed = side('module.m["x"].aws_s3_bucket.this', root="live", folder="modules/m")
    twice = side(
        "module.m.aws_s3_bucket.this", "module.n.aws_s3_bucket.this",
        root="live", folder="modules/m",
    )  # fmt: skip
    for head, base in ((alone, called), (called, alone), (keyed, called), (called, keyed)):
        assert introduced(head, base) == []
    assert introduced(twice, alone) == ["module.n.aws_s3_bucket.this"]


def test_a_resource_of_another_type_or_root_module_is_not_the_same() -> None:
    assert introduced(side("aws_kms_key.b = f"), side("aws_s3_bucket.a = f")) != []
    base = side("aws_s3_bucket.a = f", root="one", also=["two"])
    head = side("aws_s3_bucket.b = f", root="two", also=["one"])
    assert introduced(head, base) == ["aws_s3_bucket.b"]


NAMES = st.sampled_from(["a", "b", "c"])
ADDRESSES = st.builds(
    lambda calls, kind, name, key: "".join(f"module.{c}." for c in calls) + f"{kind}.{name}{key}",
    st.lists(NAMES, max_size=2),
    st.sampled_from(["aws_s3_bucket", "aws_kms_key"]),
    NAMES,
    st.sampled_from(["", "[0]", "[1]", '["a"]', '["x.y"]']),
)
SIDES = st.builds(
    lambda rows, moved, whole: Side(rows, moved, whole),
    st.dictionaries(
        st.tuples(st.sampled_from(["", "one", "two"]), ADDRESSES),
        st.tuples(
            st.sampled_from(["pass", "fail", "unknown", "none"]), st.sampled_from(["f", "g", "h"])
        ),
        max_size=8,
    ),
    st.lists(st.tuples(ADDRESSES, ADDRESSES), max_size=3),
    st.booleans(),
)


@given(head=SIDES, base=SIDES)
def test_nothing_is_counted_twice_and_nothing_is_lost(head: Side, base: Side) -> None:
    pairs = counterparts(head.code(), base.code())
    assert len(set(pairs.values())) == len(pairs)
    found = compared(head, base)
    assert len(found.verdicts) == len(head.verdicts())
    left = [v for v in found.verdicts if v.status == "fail" and v.change == "left"]
    failed = [v for v in base.verdicts() if v.status == "fail"]
    assert len(left) + len(found.fixed) <= len(failed)
    if head.whole:
        unclear = sum(
            was is not None and was.status == "fail" and now.status == "unknown"
            for now, was in zip(found.verdicts, found.before, strict=True)
        )
        assert len(left) + len(found.fixed) + unclear == len(failed)


@given(SIDES)
def test_the_same_on_both_sides_introduces_and_fixes_nothing(same: Side) -> None:
    found = compared(same, same)
    assert {v.change for v in found.verdicts} <= {"left", None}
    assert found.fixed == ()
