"""Exception files: what they must say, and where a complaint points."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from trueline.catalog import ContentError
from trueline.findings.exception_files import FileException, load_exceptions, read_exceptions
from trueline.model import Policy
from trueline.settings import Settings

TODAY = dt.date(2026, 11, 10)
ACL, ACLS = "aws-s3-bucket-public-by-acl", "aws-s3-bucket-acls-enabled"


def policy(name: str, *formerly: str) -> Policy:
    return Policy(name, "A title", "high", "aws_thing", "TRUE", "Why.", formerly=formerly)


POLICIES = {p.id: p for p in (policy(ACL, "aws-s3-old-name"), policy(ACLS))}
SETTINGS = Settings(approvers=("bob", "carol"))
GOOD = f"""\
id: legacy
rule: policy = '{ACL}' AND account = '111122223333'
justification: The site is public on purpose.
requested_by: alice
approved_by: bob
approved_on: 2026-11-02
until: 2027-01-31
"""


def read(text: str, *, name: str = "legacy.yaml", settings: Settings = SETTINGS) -> FileException:
    (found,) = read_exceptions([(name, text.encode())], settings, POLICIES, TODAY)
    return found


def test_a_file_says_all_that_an_exception_is() -> None:
    found = read(f"{GOOD}compensating: [{ACLS}]\ninclude_new: true\n", name="x/legacy.yaml")
    assert replace(found, where=None) == FileException(
        "legacy",
        f"policy = '{ACL}' AND account = '111122223333'",
        "The site is public on purpose.",
        "alice",
        "bob",
        dt.date(2026, 11, 2),
        dt.date(2027, 1, 31),
        (ACLS,),
        True,
    )
    assert str(found.where) == "x/legacy.yaml:1:1"
    assert found.days == 90


def test_an_exception_holds_from_its_approval_through_its_last_day() -> None:
    found = read(GOOD)
    days = [dt.date(2026, 11, 1), dt.date(2026, 11, 2), dt.date(2027, 1, 31), dt.date(2027, 2, 1)]
    assert [found.holds_on(day) for day in days] == [False, True, True, False]


def test_a_rule_may_be_a_filter_and_follows_a_policy_to_its_new_name() -> None:
    found = read(GOOD.replace(f"policy = '{ACL}'", "policy:aws-s3-old-name env:production"))
    said = f"policy = '{ACL}' AND environment = 'production' AND account = '111122223333'"
    assert found.rule == said
    found = read(f"{GOOD}compensating: [aws-s3-old-name]\n")
    assert found.compensating == (ACL,)


@pytest.mark.parametrize(
    ("old", "new", "place", "message", "hint"),
    [
        ("until", "untill", ":7:1", "an exception has no key 'untill'", "did you mean 'until'?"),
        ("justification: The site is public on purpose.\n", "", ":1:1", "needs the key", None),
        ("The site is public on purpose.", "''", ":3:16", "is text, seen empty text", None),
        ("id: legacy", "id: other", ":1:1", "file's name, 'legacy'; seen 'other'", "rename"),
        ("policy =", "polisy =", ":2:7", "no column `polisy`", "did you mean `policy`?"),
        ("account = '1", "tag('a') AND name IS NULL AND account = '1", ":2:", None, None),
        ("AND account", "AND", ":2:", "not a condition", None),
        ("approved_by: bob", "approved_by: bbo", ":5:1", "'bbo' is no approver", "'bob'"),
        ("approved_by: bob", "approved_by: eve", ":5:1", "'eve' is no approver", "bob, carol"),
        ("alice", "'@Bob'", ":5:1", "approves what they requested", "somebody else"),
        ("2026-11-02", "2027-02-01", ":7:1", "until lies before approved_on", "last day"),
        ("2026-11-02", "2026-11-31", ":6:1", "approved_on is no date: '2026-11-31'", "2027-01-31"),
        ("2027-01-31", "20270131", ":7:8", "until of an exception is text", "quotation marks"),
        ("2027-01-31", "soon", ":7:1", "until is no date: 'soon'", "2027-01-31"),
        ("approved_by: bob", "approved_by: [bob]", ":5:14", "is text, seen a list", None),
        ("until", "compensating: [nothing]\nuntil", ":7:1", "no policy 'nothing'", "policy list"),
        ("until", f"compensating: [{ACL}x]\nuntil", ":7:1", "no policy", f"did you mean '{ACL}'"),
        ("until", "include_new: maybe\nuntil", ":7:14", "true or false", None),
        ("until: 2027-01-31", "id: legacy", ":7:1", "key 'id' is written twice", "line 1"),
        ("rule:", "rule: [", ":", None, None),
    ],
)
def test_a_complaint_names_its_place_and_what_to_write(
    old: str, new: str, place: str, message: str | None, hint: str | None
) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new)
    with pytest.raises(ContentError) as caught:
        read(text)
    said = caught.value.render()
    assert f"--> legacy.yaml{place}" in said
    assert (message or "") in said
    assert (hint or "") in said
    assert caught.value.exit_code == 2


def test_every_complaint_is_told_at_once() -> None:
    broken = GOOD.replace("2027-01-31", "soon").replace("id: legacy", "id: x")
    with pytest.raises(ContentError) as caught:
        read_exceptions(
            [("a.yaml", b"- a"), ("b.yaml", b"\xff"), ("legacy.yaml", broken.encode())],
            SETTINGS,
            POLICIES,
            TODAY,
        )
    files = [p.where.file for p in caught.value.problems]
    assert files == ["a.yaml", "b.yaml", "legacy.yaml", "legacy.yaml"]


def test_one_id_stands_once() -> None:
    sources = [("legacy.yaml", GOOD.encode()), ("legacy.yml", GOOD.encode())]
    with pytest.raises(ContentError, match="stands twice"):
        read_exceptions(sources, SETTINGS, POLICIES, TODAY)


def test_without_approvers_nothing_is_approved() -> None:
    with pytest.raises(ContentError) as caught:
        read(GOOD, settings=Settings())
    assert "[approvers] names of trueline.toml: it names nobody" in caught.value.render()


def test_what_is_over_is_history_and_not_held_against_the_present() -> None:
    old = GOOD.replace("2026-11-02", "2026-08-01").replace("2027-01-31", "2026-11-09")
    old = old.replace("approved_by: bob", "approved_by: gone") + "compensating: [gone]\n"
    assert not read(old).holds_on(TODAY)


def test_a_directory_holds_one_exception_a_file(tmp_path: Path) -> None:
    (tmp_path / "legacy.yaml").write_text(GOOD)
    (tmp_path / "second.yml").write_text(GOOD.replace("id: legacy", "id: second"))
    (tmp_path / "README.md").write_text("These are exceptions.")
    (tmp_path / ".hidden.yaml").write_text("nothing")
    found = load_exceptions(tmp_path, SETTINGS, POLICIES, TODAY)
    assert [e.id for e in found] == ["legacy", "second"]
    assert found[0].where is not None
    assert found[0].where.file == str(tmp_path / "legacy.yaml")


@pytest.mark.parametrize("directory", [None, Path("nowhere")])
def test_a_directory_need_not_be_there(directory: Path | None) -> None:
    assert load_exceptions(directory, SETTINGS, POLICIES, TODAY) == ()


def test_a_link_out_of_the_directory_is_a_complaint_that_shows_nothing(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("password: x")
    (tmp_path / "exceptions").mkdir()
    (tmp_path / "exceptions" / "legacy.yaml").symlink_to(tmp_path / "secret")
    (tmp_path / "exceptions" / "large.yaml").write_bytes(b"#" * 300_000)
    with pytest.raises(ContentError) as caught:
        load_exceptions(tmp_path / "exceptions", SETTINGS, POLICIES, TODAY)
    said = caught.value.render()
    assert "is a link that leads outside" in said
    assert "is larger than 256 KB" in said
    assert "password" not in said
