"""Comments that silence policies: what they say, where they hold, and until when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from trueline.iac.comments import Names, may_suppress, said
from trueline.iac.suppressions import Mark, added, find_marks, suppress
from trueline.iac.terraform.syntax import Block, File, parse
from trueline.iac.trees import DiskTree
from trueline.model import (
    CodeComment,
    Location,
    Place,
    Policy,
    ResourceRef,
    Suppression,
    Verdict,
)

TODAY = dt.date(2026, 6, 1)


def policy(name: str, *formerly: str, **aliases: str) -> Policy:
    return Policy(
        name, "T", "high", "aws_s3_bucket", "TRUE", "why", formerly=formerly,
        aliases={tool: (alias,) for tool, alias in aliases.items()},
    )  # fmt: skip


POLICIES = {
    p.id: p
    for p in (
        policy("aws-s3-public", "aws-s3-open", checkov="CKV_AWS_20", trivy="AVD-AWS-0086",
               tfsec="aws-s3-no-public-access"),
        policy("aws-s3-unencrypted", checkov="CKV_AWS_19"),
        policy("aws-ec2-open"),
    )
}  # fmt: skip
NAMES = Names(POLICIES)


@pytest.mark.parametrize(
    ("text", "names", "reason", "until"),
    [
        ("# trueline:ignore aws-s3-public", ["aws-s3-public"], "", None),
        ('# trueline:ignore a,b until=2026-12-31 reason="a site, on purpose"', ["a", "b"],
         "a site, on purpose", "2026-12-31"),
        ("//trueline:ignore a, b reason='it is'", ["a", "b"], "it is", None),
        ("/* trueline:ignore * reason=test */", ["*"], "test", None),
        ("# why: x. trueline:ignore a", ["a"], "", None),
        ("#checkov:skip=CKV_AWS_20:The bucket: a site", ["CKV_AWS_20"], "The bucket: a site", None),
        ("# checkov:skip=CKV_AWS_20, CKV2_AWS_6", ["CKV_AWS_20", "CKV2_AWS_6"], "", None),
        ("#bridgecrew:skip=CKV_AWS_20:x", ["CKV_AWS_20"], "x", None),
        ("#tfsec:ignore:aws-s3-no-public-access", ["aws-s3-no-public-access"], "", None),
        ("#tfsec:ignore:x:exp:2026-01-02 we know", ["x"], "we know", "2026-01-02"),
        ("#trivy:ignore:AVD-AWS-0086: it is a site", ["AVD-AWS-0086"], "it is a site", None),
        ("#trivy:ignore:AVD-AWS-0086:exp:2027-01-01", ["AVD-AWS-0086"], "", "2027-01-01"),
    ],
)  # fmt: skip
def test_what_a_comment_says_is_read(
    text: str, names: list[str], reason: str, until: str | None
) -> None:
    (one,) = said(text)
    assert may_suppress(text)
    assert one.problem is None
    assert list(one.names) == names
    assert one.reason == reason
    assert (one.until and one.until.isoformat()) == until


def test_several_suppressions_in_one_comment_are_told_apart() -> None:
    found = list(said("#tfsec:ignore:a #tfsec:ignore:b:exp:2026-01-01"))
    assert [(s.names, s.problem) for s in found] == [(("a",), None), (("b",), None)]
    found = list(said("/*\n trueline:ignore a\n trueline:ignore b\n*/"))
    assert [(s.line, s.names) for s in found] == [(1, ("a",)), (2, ("b",))]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("# trueline:ignore", "names no policy"),
        ("# trueline:ignore until=2026-12-31", "names no policy"),
        ("# trueline:ignore a until=2026-13-01", "no day"),
        ("# trueline:ignore a until=soon", "no day"),
        ("# trueline:ignore a util=2026-12-31", "'util'"),
        ("# trueline:ignore a reason=we know it", "quotation marks"),
        ("#checkov:skip", "names no check"),
        ("#tfsec:ignore:", "names no check"),
        ("#tfsec:ignore:a:exp:tomorrow", "no day"),
        ("#tfsec:ignore:a:ws:production", "not understood"),
        ("#trivy:ignore:a[name=b]", "not understood"),
    ],
)
def test_what_is_not_understood_is_void_and_says_why(text: str, problem: str) -> None:
    (one,) = said(text)
    assert problem in (one.problem or "")


def test_other_comments_are_none(tmp_path: Path) -> None:
    for text in ("# a bucket", "# ignore this", "# see trueline.toml", "# tfsec: ok"):
        assert not may_suppress(text)
        assert list(said(text)) == []


def test_names_are_ids_former_ids_globs_and_other_tools_names() -> None:
    assert NAMES.find("trueline", "aws-s3-public") == {"aws-s3-public"}
    assert NAMES.find("trueline", "aws-s3-open") == {"aws-s3-public"}
    assert NAMES.find("trueline", "aws-s3-*") == {"aws-s3-public", "aws-s3-unencrypted"}
    assert NAMES.find("trueline", "*") == set(POLICIES)
    assert NAMES.find("trueline", "CKV_AWS_20") == set()
    assert NAMES.find("checkov", "CKV_AWS_20") == {"aws-s3-public"}
    assert NAMES.find("trivy", "AWS-0086") == {"aws-s3-public"}
    assert NAMES.find("trivy", "aws-s3-no-public-access") == {"aws-s3-public"}
    assert NAMES.find("tfsec", "aws-s3-none") == set()


class Code:
    """A file, its comments, and verdicts on its blocks."""

    def __init__(self, folder: Path, text: str) -> None:
        (folder / "main.tf").write_text(text)
        self.tree = DiskTree(folder)
        self.file: File = parse(text.encode(), "main.tf")
        self.marks = find_marks(
            self.tree,
            [
                CodeComment("main.tf", c.line, c.end_line, c.text, c.alone)
                for c in self.file.comments
                if may_suppress(c.text)
            ],
            NAMES,
        )

    def block(self, name: str) -> Block:
        return next(b for b in self.file.body.blocks if b.labels[-1:] == (name,))

    def verdict(
        self, name: str, policy: str = "aws-s3-public", status: str = "fail",
        at: str | None = None, call: str | None = None,
    ) -> Verdict:  # fmt: skip
        """A verdict on a block, decided at the block or an attribute of it."""
        block = self.block(name)
        span = block.body.attributes[at].span if at else block.header_span
        return Verdict(
            policy, status, "high", None,
            ResourceRef(f"code::{name}", "aws_s3_bucket", None, "aws", None, None, "source"),
            location=Location("main.tf", *span),
            calls=(Location("main.tf", *self.block(call).header_span),) if call else (),
        )  # fmt: skip

    def places(self) -> dict[str, Place]:
        return {
            f"code::{b.labels[-1]}": Place(Location("main.tf", *b.header_span))
            for b in self.file.body.blocks
            if b.labels
        }

    def judge(self, *verdicts: Verdict) -> tuple[list[str | None], list[Suppression]]:
        """The id of what excuses each verdict, and the list of suppressions."""
        out, listed = suppress(verdicts, self.marks, self.places(), TODAY, judged=list(POLICIES))
        return [v.exception and v.exception.id for v in out], listed


BLOCK = 'resource "aws_s3_bucket" "b" {\n  bucket = "b"\n  acl = "public-read"\n}\n'


@pytest.mark.parametrize(
    "text",
    [
        "# trueline:ignore aws-s3-public\n" + BLOCK,
        "// trueline:ignore aws-s3-public\n# the site\n" + BLOCK,
        "/* trueline:ignore aws-s3-public */\n" + BLOCK,
        BLOCK.replace("{", "{ # trueline:ignore aws-s3-public", 1),
        BLOCK.replace("{", "{\n  # trueline:ignore aws-s3-public\n", 1),
        BLOCK.replace('"public-read"', '"public-read" # trueline:ignore aws-s3-public'),
        BLOCK.replace("  acl", "  # trueline:ignore aws-s3-public\n  acl"),
        BLOCK.replace("  acl", "  #checkov:skip=CKV_AWS_20:a site\n  acl"),
        BLOCK.replace("{", "{\n  #checkov:skip=CKV_AWS_20:a site", 1),
        "#tfsec:ignore:aws-s3-no-public-access\n" + BLOCK,
        BLOCK.replace("{", "{ #trivy:ignore:avd-aws-0086", 1),
        "# trueline:ignore *\n" + BLOCK,
    ],
)
def test_a_suppression_on_a_block_or_attribute_holds_there(tmp_path: Path, text: str) -> None:
    code = Code(tmp_path, text)
    excused, (listed,) = code.judge(
        code.verdict("b", at="acl"), code.verdict("b", "aws-ec2-open", "unknown")
    )
    assert excused[0] == listed.id
    assert excused[1] is None
    assert listed.status == "used"
    assert listed.silenced == 1


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("# trueline:ignore aws-s3-public\n\n" + BLOCK, "stands on no block"),
        (BLOCK + "# trueline:ignore aws-s3-public\n", "stands on no block"),
        (
            "# trueline:ignore aws-s3-public\nlocals {\n  a = 1\n}\n" + BLOCK,
            "nothing that it names",
        ),
        (BLOCK.replace('"b"\n', '"b" # trueline:ignore aws-s3-public\n'), "nothing that it names"),
        ("# trueline:ignore aws-s3-unencrypted\n" + BLOCK, "nothing that it names"),
    ],
)
def test_a_suppression_elsewhere_silences_nothing_and_is_listed(
    tmp_path: Path, text: str, note: str
) -> None:
    code = Code(tmp_path, text)
    excused, (listed,) = code.judge(code.verdict("b", at="acl"))
    assert excused == [None]
    assert listed.status == "unused"
    assert note in (listed.note or "")


def test_a_name_that_no_policy_has_is_listed(tmp_path: Path) -> None:
    code = Code(tmp_path, "# trueline:ignore aws-s3-pubic\n#checkov:skip=CKV_AWS_999:x\n" + BLOCK)
    excused, (ours, theirs) = code.judge(code.verdict("b"))
    assert excused == [None]
    assert ours.status == theirs.status == "unknown_policy"
    assert "'aws-s3-pubic'" in (ours.note or "")
    assert "checkov name 'CKV_AWS_999'" in (theirs.note or "")


def test_a_name_that_is_not_known_takes_nothing_from_those_that_are(tmp_path: Path) -> None:
    code = Code(tmp_path, "# trueline:ignore aws-s3-public,aws-nothing\n" + BLOCK)
    excused, (listed,) = code.judge(code.verdict("b"))
    assert excused == ["main.tf:1"]
    assert listed.status == "used"
    assert "'aws-nothing'" in (listed.note or "")


def test_two_suppressions_on_one_line_are_two(tmp_path: Path) -> None:
    code = Code(tmp_path, "#checkov:skip=CKV_AWS_20 #checkov:skip=CKV_AWS_19\n" + BLOCK)
    excused, listed = code.judge(code.verdict("b"))
    assert excused == ["main.tf:1"]
    assert [s.status for s in listed] == ["used", "unused"]


def test_an_expired_suppression_silences_nothing_any_more(tmp_path: Path) -> None:
    for day, excused in (("2026-06-01", "main.tf:1"), ("2026-05-31", None)):
        code = Code(tmp_path, f"# trueline:ignore aws-s3-public until={day}\n" + BLOCK)
        found, (listed,) = code.judge(code.verdict("b"))
        assert found == [excused]
        assert listed.status == ("used" if excused else "expired")
        assert listed.until == day


def test_a_malformed_suppression_silences_nothing(tmp_path: Path) -> None:
    code = Code(tmp_path, "# trueline:ignore aws-s3-public until=never\n" + BLOCK)
    excused, (listed,) = code.judge(code.verdict("b"))
    assert excused == [None]
    assert listed.status == "malformed"
    assert "no day" in (listed.note or "")


def test_a_policy_that_was_not_asked_for_leaves_its_suppression_alone(tmp_path: Path) -> None:
    code = Code(tmp_path, "# trueline:ignore aws-s3-public\n" + BLOCK)
    _, (listed,) = suppress([], code.marks, {}, TODAY, judged=["aws-ec2-open"])
    assert listed.status == "not_judged"


def test_a_suppression_on_a_module_call_holds_for_everything_beneath(tmp_path: Path) -> None:
    text = '# trueline:ignore aws-s3-public reason="all of it"\nmodule "m" {\n  source = "./m"\n}\n'
    code = Code(tmp_path, text + BLOCK)
    excused, (listed,) = code.judge(
        code.verdict("b", at="acl", call="m"), code.verdict("b", at="acl")
    )
    assert excused == ["main.tf:1", None]
    assert listed.silenced == 1
    assert listed.reason == "all of it"


def test_a_suppression_on_one_nested_block_leaves_the_other_alone(tmp_path: Path) -> None:
    text = (
        'resource "aws_security_group" "g" {\n'
        "  # trueline:ignore aws-ec2-open\n"
        "  ingress {\n    from_port = 22\n  }\n"
        "  ingress {\n    from_port = 23\n  }\n}\n"
    )
    code = Code(tmp_path, text)
    first, second = (
        Location("main.tf", *b.body.attributes["from_port"].span)
        for b in code.block("g").body.blocks
    )
    base = code.verdict("g", "aws-ec2-open")
    excused, _ = code.judge(replace(base, location=first), replace(base, location=second))
    assert excused == ["main.tf:2", None]


def test_a_suppression_inside_a_nested_block_holds_where_the_block_decides(tmp_path: Path) -> None:
    text = (
        'resource "aws_security_group" "g" {\n  ingress {\n'
        "    from_port = 22 # trueline:ignore aws-ec2-open\n  }\n  name = 1\n}\n"
    )
    code = Code(tmp_path, text)
    (ingress,) = code.block("g").body.blocks
    header = Location("main.tf", *ingress.header_span)
    verdict = code.verdict("g", "aws-ec2-open")
    excused, _ = code.judge(replace(verdict, location=header), verdict)
    assert excused == ["main.tf:3", None]


def test_only_fails_are_excused(tmp_path: Path) -> None:
    code = Code(tmp_path, "# trueline:ignore aws-s3-public\n" + BLOCK)
    excused, (listed,) = code.judge(code.verdict("b", status="unknown"))
    assert excused == [None]
    assert "unknown" in (listed.note or "")


def new(tmp_path: Path, base: str, head: str) -> frozenset[str]:
    def marks(text: str) -> Sequence[Mark]:
        return Code(tmp_path, text).marks

    return frozenset(mark.id for mark in added(marks(head), marks(base)))


OURS = "# trueline:ignore aws-s3-public until=2026-12-31\n"


@pytest.mark.parametrize(
    ("base", "head"),
    [
        (OURS + BLOCK, "locals {}\n\n" + OURS + BLOCK),
        (OURS + BLOCK, OURS.replace("12-31", "11-30") + BLOCK),
        (OURS + BLOCK, OURS.replace("\n", " reason='now with a reason'\n") + BLOCK),
        ("# trueline:ignore *\n" + BLOCK, OURS + BLOCK),
        (OURS + BLOCK, BLOCK.replace("  acl", f"  {OURS}  acl")),
    ],
)
def test_a_suppression_that_was_there_is_not_new(tmp_path: Path, base: str, head: str) -> None:
    assert new(tmp_path, base, head) == frozenset()


@pytest.mark.parametrize(
    ("base", "head", "line"),
    [
        (BLOCK, OURS + BLOCK, 1),
        (OURS + BLOCK, OURS.replace("2026", "2027") + BLOCK, 1),
        (OURS + BLOCK, OURS.replace(" until=2026-12-31", "") + BLOCK, 1),
        (OURS + BLOCK, OURS.replace("public", "*") + BLOCK, 1),
        (OURS + BLOCK, OURS.replace("public", "public,aws-ec2-open") + BLOCK, 1),
        (OURS + BLOCK + BLOCK.replace('"b"', '"c"', 1),
         BLOCK + OURS + BLOCK.replace('"b"', '"c"', 1), 5),
        (BLOCK.replace("  acl", f"  {OURS}  acl"), OURS + BLOCK, 1),
    ],
)  # fmt: skip
def test_a_suppression_that_is_added_widened_or_prolonged_is_new(
    tmp_path: Path, base: str, head: str, line: int
) -> None:
    assert new(tmp_path, base, head) == {f"main.tf:{line}"}
