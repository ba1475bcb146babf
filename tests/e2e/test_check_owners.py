"""check: whose a fail is, and which approved exceptions excuse it, in repositories of git."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

import pytest

from e2e.conftest import Outcome, Program
from repositories import Clone, make_repository

ACL, PLAN = "aws-s3-bucket-public-by-acl", Path(__file__).parent / "plan.json"
VERSIONS = "aws-s3-bucket-without-versioning"
CONFIG = """\
[owners]
tag = "owner"
default = "platform"
rules = [{match = "policy = 'aws-s3-bucket-without-versioning'", owner = "storage"}]
[approvers]
names = ["bob"]
"""
TODAY = dt.datetime.now(dt.UTC).date()


def bucket(name: str, more: str = "") -> str:
    head = f'resource "aws_s3_bucket" "{name}" {{\n  bucket = "{name}"\n'
    return f'{head}  acl = "public-read"\n{more}}}\n'


def exception(
    rule: str = f"policy = '{ACL}'", begin: int = -1, end: int = 20, **more: object
) -> str:
    said = {
        "id": "site",
        "rule": rule,
        "justification": "A public site.",
        "requested_by": "alice",
        "approved_by": "bob",
        "approved_on": TODAY + dt.timedelta(begin),
        "until": TODAY + dt.timedelta(end),
        **more,
    }
    return "".join(f"{key}: {value}\n" for key, value in said.items())


@pytest.fixture
def repo(tmp_path: Path) -> Clone:
    """main, with a public bucket and a configuration; the branch `change` is checked out."""
    files = {"infra/main.tf": bucket("a"), "trueline.toml": CONFIG}
    made = make_repository(tmp_path / "repo", files)
    made.git("checkout", "--quiet", "-b", "change")
    return made


@pytest.fixture
def inside(repo: Clone, program: Program) -> Program:
    """The program, started at the top of the repository, with no other program in reach."""
    program.directory = repo.top
    program.env["PATH"] = str(repo.top / "nowhere")
    return program


def check(inside: Program, *more: str, path: str = "infra") -> Outcome:
    return inside("check", path, "--policy", ACL, "--format", "json", *more)


def fails(done: Outcome) -> dict[str, Any]:
    return {v["resource"]["address"]: v for v in done.json()["verdicts"] if v["status"] == "fail"}


def owners(done: Outcome) -> dict[str, tuple[str | None, str | None]]:
    return {k.split(".")[-1]: (v["owner"], v["owner_reason"]) for k, v in fails(done).items()}


def excuses(done: Outcome) -> dict[str, Any]:
    return {k.split(".")[-1]: v["exception"] for k, v in fails(done).items()}


def test_each_step_of_the_chain_names_its_owner(repo: Clone, inside: Program) -> None:
    repo.write(
        {
            ".github/CODEOWNERS": "/infra/net/ @org/net # asks @bob\n/infra/none.tf\n",
            "infra/main.tf": bucket("a") + bucket("tagged", '  tags = { owner = "web" }\n'),
            "infra/net/main.tf": 'variable "tags" {}\n' + bucket("b", "  tags = var.tags\n"),
            "infra/none.tf": bucket("c"),
        }
    )
    done = check(inside)
    line = ".github/CODEOWNERS:1 /infra/net/"
    assert owners(done) == {
        "tagged": ("web", "tag owner"),
        "b": ("@org/net", f"CODEOWNERS: {line}; a step before it could not be decided"),
        "a": ("platform", "default of [owners]"),
        "c": ("platform", "default of [owners]; .github/CODEOWNERS:2 /infra/none.tf names nobody"),
    }
    versions = inside("check", "infra/net", "--policy", VERSIONS, "--format", "json", "-q")
    assert owners(versions)["b"][0] == "@org/net"
    repo.write({".github/CODEOWNERS": None})
    versions = inside("check", "infra", "--policy", VERSIONS, "--format", "json", "-q")
    said = f"rule 1 of [owners]: policy = '{VERSIONS}'"
    assert owners(versions)["a"] == ("storage", said)


def test_without_any_owner_configured_reports_stay_silent(repo: Clone, inside: Program) -> None:
    repo.write({"trueline.toml": None})
    assert owners(check(inside)) == {"a": (None, None)}
    shown = inside("check", "infra", "--policy", ACL)
    assert "owner" not in shown.out.lower()


def test_an_environment_has_an_owner(repo: Clone, inside: Program) -> None:
    text = '[[environments]]\nname = "production"\nmatch = "TRUE"\nowner = "ops"\n'
    repo.write({"trueline.toml": text})
    assert owners(check(inside)) == {"a": ("ops", "owner of the environment")}


def test_what_is_recalled_has_the_same_owners_and_follows_a_changed_file(
    repo: Clone, inside: Program, tmp_path: Path
) -> None:
    inside.env["TRUELINE_CACHE"] = str(tmp_path / "cache")
    repo.write({"infra/main.tf": bucket("a", '  tags = { owner = "web" }\n') + bucket("b")})
    first, again = check(inside), check(inside)
    assert owners(first) == owners(again)
    assert owners(again)["a"] == ("web", "tag owner")
    repo.write({"CODEOWNERS": "* @org/all\n"})
    assert owners(check(inside))["b"] == ("@org/all", "CODEOWNERS: CODEOWNERS:1 *")


def test_a_line_that_is_passed_over_is_said_on_stderr(repo: Clone, inside: Program) -> None:
    repo.write({"docs/CODEOWNERS": "* @org/all\n[a-z @x\n*" + "a*" * 50 + " @x\n"})
    done = check(inside)
    assert owners(done)["a"][0] == "@org/all"
    assert done.err.splitlines() == [
        "docs/CODEOWNERS:2: a pattern has no [classes]; the line is passed over",
        "docs/CODEOWNERS:3: its pattern has too many wildcards; the line is passed over",
    ]


def test_owners_of_a_plan_come_from_tags_and_rules(repo: Clone, inside: Program) -> None:
    repo.write({"plans/plan.json": PLAN.read_text(), "CODEOWNERS": "* @org/all\n"})
    done = inside("check", "plans/plan.json", "--format", "json", "-q")
    found = {v["owner"]: v["owner_reason"] for v in done.json()["verdicts"]}
    assert found["platform"].startswith("default of [owners]")
    assert "@org/all" not in found


def test_every_format_shows_the_owner(repo: Clone, inside: Program) -> None:
    repo.write({"CODEOWNERS": "* @org/all\n"})
    shown = {
        name: inside("check", "infra", "--policy", ACL, "--format", name, "-q").out
        for name in ("table", "markdown", "csv", "jsonl", "sarif", "html")
    }
    assert "aws_s3_bucket.a  main.tf:3:3  owner @org/all" in shown["table"]
    assert "<br>owner `@org/all` |" in shown["markdown"]
    (row,) = csv.DictReader(io.StringIO(shown["csv"]))
    assert (row["owner"], row["owner_reason"]) == ("'@org/all", "CODEOWNERS: CODEOWNERS:1 *")
    lines = [json.loads(line) for line in shown["jsonl"].splitlines()]
    assert [x["owner"] for x in lines if x["kind"] == "verdict"] == ["@org/all"]
    (result,) = json.loads(shown["sarif"])["runs"][0]["results"]
    assert result["properties"]["owner"] == "@org/all"
    assert '"owner":"@org/all"' in shown["html"]


def test_a_valid_exception_excuses_a_fail(repo: Clone, inside: Program) -> None:
    assert check(inside).code == 1
    repo.write({"exceptions/site.yaml": exception()})
    for _ in range(2):
        done = check(inside)
        assert done.code == 0
        assert done.err == ""
        assert excuses(done) == {
            "a": {
                "kind": "exception",
                "id": "site",
                "reason": "A public site.",
                "until": str(TODAY + dt.timedelta(20)),
                "approved_by": "bob",
                "introduced": False,
            }
        }
        summary = done.json()["summary"]
        assert (summary["fail"], summary["excepted"]) == (1, 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (exception(begin=-9, end=-1), ""),
        (exception(begin=1), ""),
        (exception("account = '111122223333'"), ""),
        (exception(end=60), "exception site does not hold for 1 fail: it lives 61 days"),
        (exception(compensating=f"[{VERSIONS}]"), f"the compensating {VERSIONS} was not judged"),
    ],
)
def test_an_exception_whose_terms_are_not_kept_does_not_hold(
    repo: Clone, inside: Program, text: str, said: str
) -> None:
    repo.write({"exceptions/site.yaml": text})
    done = check(inside)
    assert done.code == 1
    assert excuses(done) == {"a": None}
    assert said in done.err
    assert (done.err == "") is (said == "")


def test_a_compensating_policy_that_fails_there_lifts_the_exception(
    repo: Clone, inside: Program
) -> None:
    repo.write({"exceptions/site.yaml": exception(compensating=f"[{VERSIONS}]")})
    done = check(inside, "--policy", VERSIONS)
    assert f"the compensating {VERSIONS} fails on the same resource" in done.err
    on = "  versioning {\n    enabled = true\n  }\n"
    repo.write({"infra/main.tf": bucket("a", on)})
    done = check(inside, "--policy", VERSIONS)
    assert done.code == 0, done.err


def test_a_broken_exception_stops_before_anything_is_judged(repo: Clone, inside: Program) -> None:
    repo.write({"exceptions/site.yaml": exception(approved_by="eve", owner="me")})
    done = check(inside)
    assert (done.code, done.out) == (2, "")
    place = repo.top / "exceptions/site.yaml"
    assert f"'eve' is no approver\n  --> {place}:5:1\n  help: [approvers] names of" in done.err
    assert f"an exception has no key 'owner'\n  --> {place}:8:1" in done.err


def test_an_exception_goes_before_a_suppression(repo: Clone, inside: Program) -> None:
    text = f"# trueline:ignore {ACL}\n{bucket('a')}"
    repo.write({"infra/main.tf": text, "exceptions/site.yaml": exception()})
    assert excuses(check(inside))["a"]["kind"] == "exception"


def base(inside: Program, *more: str) -> Outcome:
    return check(inside, "--base", "main", *more)


def test_a_change_does_not_choose_its_owners(repo: Clone, inside: Program) -> None:
    repo.git("checkout", "--quiet", "main")
    repo.commit({"CODEOWNERS": "* @org/all\n"})
    repo.git("checkout", "--quiet", "-B", "change")
    repo.commit({"CODEOWNERS": "* @me\n", "infra/new.tf": bucket("b")})
    done = base(inside)
    assert {owner for owner, _ in owners(done).values()} == {"@org/all"}
    assert "CODEOWNERS holds as it is in the base, not as this change has it" in done.err
    repo.commit({"CODEOWNERS": "* @org/all\n", ".github/CODEOWNERS": "* @me\n"})
    done = base(inside)
    assert {owner for owner, _ in owners(done).values()} == {"@org/all"}
    assert "CODEOWNERS holds as it is in the base, not as this change has it" in done.err
    assert owners(check(inside))["a"][0] == "@me"


def test_owners_that_only_the_change_has_do_not_hold(repo: Clone, inside: Program) -> None:
    repo.commit({"docs/CODEOWNERS": "* @me\n", "infra/new.tf": bucket("b")})
    done = base(inside)
    assert owners(done)["b"] == ("platform", "default of [owners]")
    assert "docs/CODEOWNERS is not in the base: it does not hold before it is merged" in done.err


def test_what_is_fixed_has_its_owner(repo: Clone, inside: Program) -> None:
    repo.commit({"infra/main.tf": 'resource "aws_s3_bucket" "b" {}\n'})
    (fixed,) = base(inside).json()["fixed"]
    assert (fixed["owner"], fixed["owner_reason"]) == ("platform", "default of [owners]")


def test_an_exception_that_only_the_change_adds_does_not_hold(repo: Clone, inside: Program) -> None:
    wide = exception(include_new="true")
    repo.commit({"exceptions/site.yaml": wide, "infra/new.tf": bucket("b")})
    done = base(inside)
    assert done.code == 1
    assert excuses(done) == {"a": None, "b": None}
    path = "exceptions/site.yaml"
    assert f"{path} is not in the base: it does not hold before it is merged" in done.err
    assert check(inside).code == 0


def test_an_exception_that_is_not_committed_does_not_hold_for_a_change(
    repo: Clone, inside: Program
) -> None:
    repo.git("checkout", "--quiet", "main")
    repo.commit({"exceptions/other.yaml": exception("FALSE", id="other")})
    repo.git("checkout", "--quiet", "-B", "change")
    repo.write({"exceptions/site.yaml": exception(include_new="true"), "infra/b.tf": bucket("b")})
    done = base(inside)
    assert done.code == 1
    assert "exceptions/site.yaml is not in the base" in done.err


@pytest.fixture
def merged(repo: Clone) -> Clone:
    """The same with an exception on main that includes what is new."""
    repo.git("checkout", "--quiet", "main")
    repo.commit({"exceptions/site.yaml": exception(include_new="true")})
    repo.git("checkout", "--quiet", "-B", "change")
    return repo


def test_an_exception_of_the_base_holds_as_the_base_has_it(merged: Clone, inside: Program) -> None:
    merged.commit({"infra/new.tf": bucket("b")})
    done = base(inside)
    assert done.code == 0, done.err
    assert {e["id"] for e in excuses(done).values()} == {"site"}
    assert len(done.err.splitlines()) == 1
    merged.commit({"exceptions/site.yaml": "id: [broken"})
    done = base(inside)
    assert done.code == 0
    assert "exceptions/site.yaml holds as it is in the base, not as this" in done.err
    merged.commit({"exceptions/site.yaml": None})
    done = base(inside)
    assert done.code == 0
    assert "exceptions/site.yaml holds as it is in the base, not as this" in done.err


def test_approvers_of_the_change_approve_nothing(merged: Clone, inside: Program) -> None:
    changed = {"trueline.toml": CONFIG.replace("bob", "eve"), "infra/new.tf": bucket("b")}
    merged.commit({**changed, "exceptions/site.yaml": exception(approved_by="eve")})
    done = base(inside)
    assert done.code == 0
    assert {e["approved_by"] for e in excuses(done).values()} == {"bob"}


def test_a_broken_exception_of_the_base_is_named_by_its_commit(
    merged: Clone, inside: Program
) -> None:
    merged.git("checkout", "--quiet", "main")
    merged.commit({"exceptions/site.yaml": exception(approved_by="eve")})
    merged.git("checkout", "--quiet", "-B", "change")
    merged.commit({"exceptions/site.yaml": exception()})
    done = base(inside)
    assert done.code == 2
    assert "--> main:exceptions/site.yaml:5:1" in done.err


def test_what_a_change_introduces_needs_an_exception_that_includes_it(
    merged: Clone, inside: Program
) -> None:
    merged.git("checkout", "--quiet", "main")
    merged.commit({"exceptions/site.yaml": exception()})
    merged.git("checkout", "--quiet", "-B", "change")
    merged.commit({"infra/new.tf": bucket("b")})
    done = base(inside)
    assert done.code == 1
    assert excuses(done)["b"] is None
    assert excuses(done)["a"]["id"] == "site"
    assert "exception site does not hold for 1 fail: this change introduces" in done.err


def test_a_fail_that_leaves_its_exception_is_introduced(merged: Clone, inside: Program) -> None:
    rule = f"policy = '{ACL}' AND tag('kind') = 'site'"
    tagged = bucket("a", '  tags = { kind = "site" }\n')
    merged.git("checkout", "--quiet", "main")
    merged.commit({"exceptions/site.yaml": exception(rule), "infra/main.tf": tagged})
    merged.git("checkout", "--quiet", "-B", "change")
    assert base(inside).code == 0
    for text in (bucket("a"), f"# trueline:ignore {ACL}\n{bucket('a')}"):
        merged.write({"infra/main.tf": text})
        done = base(inside)
        assert done.code == 1
        assert fails(done)["aws_s3_bucket.a"]["change"] == "introduced"


def test_exceptions_outside_of_the_repository_are_no_part_of_the_change(
    repo: Clone, inside: Program, tmp_path: Path
) -> None:
    (tmp_path / "approved").mkdir()
    (tmp_path / "approved" / "site.yaml").write_text(exception(include_new="true"))
    repo.git("checkout", "--quiet", "main")
    repo.commit({"trueline.toml": 'exceptions = "../approved"\n' + CONFIG})
    repo.git("checkout", "--quiet", "-B", "change")
    repo.commit({"infra/new.tf": bucket("b")})
    assert base(inside).code == 0
