"""check --base: what a change introduces, and what it may not decide about itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import trueline
from e2e.conftest import Outcome, Program
from repositories import Clone, make_repository
from trueline.report import counts_against

PUBLIC = "aws-s3-bucket-public-by-acl"
VERSIONS = "aws-s3-bucket-without-versioning"


def bucket(name: str, acl: str = "private", more: str = "") -> str:
    return f'resource "aws_s3_bucket" "{name}" {{\n  bucket = "{name}"\n  acl = "{acl}"\n{more}}}\n'


def module(name: str, source: str, more: str = "") -> str:
    return f'module "{name}" {{\n  source = "{source}"\n{more}}}\n'


def moved(source: str, target: str) -> str:
    return f"moved {{\n  from = {source}\n  to = {target}\n}}\n"


INNER = (
    'variable "name" {}\nresource "aws_s3_bucket" "this" {\n  bucket = var.name\n'
    '  acl = "public-read"\n}\nresource "aws_sqs_queue" "this" {\n  name = var.name\n}\n'
)
BASE: Mapping[str, str] = {
    "infra/main.tf": bucket("old", "public-read")
    + bucket("plain")
    + module("site", "./site", '  name = "site"\n'),
    "infra/site/main.tf": INNER,
}


@pytest.fixture
def repo(tmp_path: Path) -> Clone:
    """main, and the branch `change` that is checked out and has no commit of its own."""
    made = make_repository(tmp_path / "repo", BASE)
    made.git("checkout", "--quiet", "-b", "change")
    return made


@pytest.fixture
def inside(repo: Clone, program: Program) -> Program:
    """The program, started at the top of the repository, with no other program in reach."""
    program.directory = repo.top
    program.env["PATH"] = str(repo.top / "nowhere")
    return program


def check(inside: Program, *more: str, path: str = "infra", base: str = "main") -> Outcome:
    return inside("check", path, "--base", base, "--format", "json", "--quiet", *more)


def changed(report: Any, change: str = "introduced", status: str = "fail") -> list[tuple[str, str]]:
    return [
        (v["policy"], v["resource"]["address"])
        for v in report["verdicts"]
        if v["change"] == change and v["status"] == status
    ]


def test_a_change_is_told_what_it_introduces_leaves_and_fixes(repo: Clone, inside: Program) -> None:
    repo.commit(
        {"infra/main.tf": bucket("old") + bucket("plain") + bucket("new", "public-read"),
         "infra/site/main.tf": None}
    )  # fmt: skip
    done = check(inside)
    report = done.json()
    assert done.code == 1
    introduced = changed(report)
    assert (PUBLIC, "aws_s3_bucket.new") in introduced
    assert {address for _, address in introduced} == {"aws_s3_bucket.new"}
    assert (VERSIONS, "aws_s3_bucket.plain") in changed(report, "left")
    fixed = {(v["policy"], v["resource"]["address"]) for v in report["fixed"]}
    assert (PUBLIC, "aws_s3_bucket.old") in fixed
    assert (PUBLIC, "module.site.aws_s3_bucket.this") in fixed
    assert (VERSIONS, "aws_s3_bucket.old") not in fixed
    assert {v["change"] for v in report["verdicts"] if v["status"] == "pass"} == {None}


def test_what_was_there_before_does_not_count(repo: Clone, inside: Program) -> None:
    repo.commit({"infra/notes.md": "nothing"})
    done = check(inside)
    assert done.code == 0
    assert changed(done.json()) == []
    assert changed(done.json(), "left")
    assert inside("check", "infra", "--quiet").code == 1


def test_what_is_not_committed_yet_belongs_to_the_change(repo: Clone, inside: Program) -> None:
    repo.write({"infra/new.tf": bucket("new", "public-read")})
    assert (PUBLIC, "aws_s3_bucket.new") in changed(check(inside, base="HEAD").json())


def test_what_came_to_the_base_meanwhile_is_no_part_of_the_change(
    repo: Clone, inside: Program
) -> None:
    repo.commit({"infra/notes.md": "nothing"})
    repo.git("checkout", "--quiet", "main")
    repo.commit({"infra/main.tf": bucket("old") + bucket("plain")})
    repo.git("checkout", "--quiet", "change")
    done = check(inside)
    assert done.code == 0
    assert changed(done.json()) == []
    assert done.json()["fixed"] == []


def test_thirty_findings_through_one_module_are_one_entry(repo: Clone, inside: Program) -> None:
    names = ", ".join(f'"b{n}"' for n in range(30))
    more = f"  for_each = toset([{names}])\n  name = each.key\n"
    repo.commit({"infra/many.tf": module("many", "./site", more)})
    done = check(inside, "--policy", PUBLIC)
    assert len(changed(done.json())) == 30
    shown = inside("check", "infra", "--base", "main", "--policy", PUBLIC, "--format", "github")
    lines = [line for line in shown.out.splitlines() if line.startswith("::error")]
    assert len(lines) == 1
    assert "25 more" in lines[0]
    assert "site/main.tf" in lines[0]


EXTRACTED = (
    bucket("old", "public-read").replace('"old" {', '"this" {')
)  # fmt: skip
REFACTORINGS: dict[str, Callable[[Clone], None]] = {
    "files are split": lambda r: r.write(
        {
            "infra/main.tf": module("site", "./site", '  name = "site"\n'),
            "infra/a.tf": bucket("plain"),
            "infra/b.tf": "\n\n" + bucket("old", "public-read"),
        }
    ),
    "renamed with moved": lambda r: r.write(
        {
            "infra/main.tf": BASE["infra/main.tf"]
            .replace('"aws_s3_bucket" "old"', '"aws_s3_bucket" "new"')
            .replace('module "site"', 'module "page"')
            + moved("aws_s3_bucket.old", "aws_s3_bucket.new")
            + moved("module.site", "module.page")
        }
    ),
    "renamed without moved": lambda r: r.write(
        {
            "infra/main.tf": BASE["infra/main.tf"]
            .replace('"aws_s3_bucket" "old"', '"aws_s3_bucket" "new"')
            .replace('module "site"', 'module "page"')
        }
    ),
    "the root module stands elsewhere": lambda r: (
        r.git("mv", "infra", "terraform"), r.git("mv", "terraform/site", "pages"),
        r.write({"terraform/main.tf": BASE["infra/main.tf"].replace("./site", "../pages")}),
        r.write({"infra/README.md": "moved"}),
    )[0] and None,
    "count comes": lambda r: r.write(
        {
            "infra/main.tf": BASE["infra/main.tf"].replace(
                '  acl = "public-read"\n', '  acl = "public-read"\n  count = 1\n'
            )
        }
    ),
    "a resource goes into a module": lambda r: r.write(
        {
            "infra/main.tf": bucket("plain")
            + module("site", "./site", '  name = "site"\n')
            + module("o", "./o")
            + moved("aws_s3_bucket.old", "module.o.aws_s3_bucket.this"),
            "infra/o/main.tf": EXTRACTED,
        }
    ),
    "values come from variables": lambda r: r.write(
        {
            "infra/main.tf": BASE["infra/main.tf"].replace('"public-read"', "var.acl")
            + 'variable "acl" {\n  default = "public-read"\n}\n'
        }
    ),
    "values come from a tfvars file": lambda r: r.write(
        {
            "infra/main.tf": BASE["infra/main.tf"].replace('"public-read"', "var.acl")
            + 'variable "acl" {}\n',
            "infra/terraform.tfvars": 'acl = "public-read"\n',
        }
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFACTORINGS)
@pytest.mark.parametrize("path", [".", "whole"])
def test_a_pure_refactoring_introduces_nothing(repo: Clone, name: str, path: str) -> None:
    before = trueline.check(repo.top)
    REFACTORINGS[name](repo)
    if path == "whole":
        repo.commit()
        path = "terraform" if (repo.top / "terraform").exists() else "infra"
    after = trueline.check(repo.top / path, base="main")
    report = after.to_dict()
    assert changed(report) == []
    assert changed(report, status="unknown") == []
    assert report["fixed"] == []
    assert counts_against(after, "low") == 0
    assert after.summary.failed == before.summary.failed > 0


SWITCHED_OFF = (
    '[[environments]]\nname = "all"\nmatch = "TRUE"\n'
    f'[environments.policies."{PUBLIC}"]\nenabled = false\nreason = "no"\n'
)
OWN = """\
id: aws-s3-bucket-called-new
title: The bucket is called new
severity: high
resource: aws_s3_bucket
fails_when: {condition}
why: Names matter.
fix: {{steps: [Rename it.]}}
verify: Look.
fixed_by: application
automation: never
tests:
  - {{name: new, expect: fail, row: {{name: new}}}}
  - {{name: old, expect: pass, row: {{name: old}}}}
  - {{name: unknown, expect: unknown, row: {{}}}}
"""
CALLED_NEW = OWN.format(condition="name = 'new'")


@pytest.mark.parametrize(
    "files",
    [
        {"trueline.toml": SWITCHED_OFF},
        {"infra/trueline.toml": SWITCHED_OFF},
        {"trueline.toml": "not [ toml"},
        {"trueline.toml": 'content = ["mine"]', "mine/policies/x.yaml": "not: [a policy"},
        {"trueline.toml": f'[params."{PUBLIC}"]\nnothing = 1\n'},
    ],
)
def test_a_change_to_the_configuration_changes_nothing(
    repo: Clone, inside: Program, files: Mapping[str, str]
) -> None:
    repo.commit({"infra/new.tf": bucket("new", "public-read")})
    without = check(inside).json()
    repo.commit(files)
    file = next(name for name in files if name.endswith("trueline.toml"))
    inside.directory = (repo.top / file).parent
    assert (PUBLIC, "aws_s3_bucket.new") in changed(without)
    for more in ((), ("--config", "trueline.toml")):
        arguments = ("check", str(repo.top / "infra"), "--base", "main", "--format", "json", *more)
        found = inside(*arguments)
        assert found.json()["verdicts"] == without["verdicts"]
        assert f"{file} is not in the base" in found.err


def test_the_configuration_and_content_of_the_base_hold(repo: Clone, inside: Program) -> None:
    repo.git("checkout", "--quiet", "main")
    repo.commit(
        {"trueline.toml": SWITCHED_OFF.replace('[[env', 'content = ["mine"]\n[[env', 1),
         "mine/policies/aws-s3-bucket-called-new.yaml": CALLED_NEW}
    )  # fmt: skip
    repo.git("checkout", "--quiet", "-B", "change")
    repo.commit({"infra/new.tf": bucket("new", "public-read")})
    unchanged = changed(check(inside).json())
    assert ("aws-s3-bucket-called-new", "aws_s3_bucket.new") in unchanged
    assert PUBLIC not in {policy for policy, _ in unchanged}
    for files in (
        {"mine/policies/aws-s3-bucket-called-new.yaml": OWN.format(condition="name = 'never'")},
        {"mine/policies/aws-s3-bucket-called-new.yaml": None},
        {"trueline.toml": None},
    ):
        repo.commit(files)
        assert changed(check(inside).json()) == unchanged
    loud = inside("check", "infra", "--base", "main", "--format", "json")
    assert "trueline.toml holds as it is in the base" in loud.err
    assert changed(trueline.check(repo.top / "infra", base="main").to_dict()) == unchanged


def test_configuration_that_is_no_part_of_the_repository_holds(
    repo: Clone, inside: Program, tmp_path: Path
) -> None:
    repo.commit({"infra/new.tf": bucket("new", "public-read")})
    (tmp_path / "ours.toml").write_text(SWITCHED_OFF)
    (repo.top / "made-by-ci.toml").write_text(SWITCHED_OFF)
    for file in ("../ours.toml", "made-by-ci.toml"):
        found = changed(check(inside, "--config", file).json())
        assert found
        assert PUBLIC not in {policy for policy, _ in found}
    link = repo.top / "link.toml"
    link.symlink_to(tmp_path / "ours.toml")
    repo.commit()
    assert (PUBLIC, "aws_s3_bucket.new") in changed(check(inside, "--config", "link.toml").json())


def test_a_base_whose_configuration_is_broken_is_refused_with_its_place(
    repo: Clone, inside: Program
) -> None:
    repo.commit({"trueline.toml": "colour = 1\n"})
    repo.git("checkout", "--quiet", "-B", "next")
    repo.commit({"trueline.toml": None})
    done = check(inside, base="change")
    assert done.code == 2
    assert "change:trueline.toml:1" in done.err
    repo.commit({"trueline.toml": 'content = ["mine"]\n', "mine/policies/p.yaml": "id: [\n"})
    repo.git("branch", "broken")
    repo.commit({"mine/policies/p.yaml": None})
    done = check(inside, base="broken")
    assert done.code == 2
    assert "broken:mine/policies/p.yaml" in done.err


IGNORE = f'# trueline:ignore {PUBLIC} reason="a site"\n'


def excepted(report: Any) -> list[tuple[str, bool]]:
    return [
        (v["resource"]["address"], v["exception"]["introduced"])
        for v in report["verdicts"]
        if v["exception"]
    ]


def test_a_suppression_that_the_change_adds_is_listed_and_counts(
    repo: Clone, inside: Program
) -> None:
    repo.commit({"infra/new.tf": IGNORE + bucket("new", "public-read")})
    done = check(inside, "--policy", PUBLIC)
    report = done.json()
    assert done.code == 1
    assert excepted(report) == [("aws_s3_bucket.new", True)]
    assert report["summary"]["excepted"] == 0
    (listed,) = report["suppressions"]
    assert (listed["id"], listed["introduced"], listed["status"]) == ("new.tf:1", True, "used")
    assert listed["reason"] == "a site"
    without = inside("check", "infra", "--policy", PUBLIC, "--format", "json", "--quiet").json()
    assert excepted(without) == [("aws_s3_bucket.new", False)]
    assert without["summary"]["excepted"] == 1


def test_a_suppression_of_the_base_holds_also_where_its_resource_is_moved(
    repo: Clone, inside: Program
) -> None:
    repo.git("checkout", "--quiet", "main")
    text = IGNORE + bucket("new", "public-read")
    repo.commit({"infra/new.tf": text})
    repo.git("checkout", "--quiet", "-B", "change")
    renamed = text.replace('"aws_s3_bucket" "new"', '"aws_s3_bucket" "newer"')
    for files in (
        {"infra/other.tf": bucket("more")},
        {"infra/new.tf": "\n\n" + text},
        {"infra/new.tf": renamed + moved("aws_s3_bucket.new", "aws_s3_bucket.newer")},
    ):
        repo.commit(files)
        done = check(inside, "--policy", PUBLIC)
        assert done.code == 0
        ((_, introduced),) = excepted(done.json())
        assert introduced is False
        assert done.json()["suppressions"][0]["introduced"] is False


def test_a_fail_whose_suppression_the_change_takes_away_is_introduced(
    repo: Clone, inside: Program
) -> None:
    repo.git("checkout", "--quiet", "main")
    repo.commit({"infra/new.tf": IGNORE + bucket("new", "public-read")})
    repo.git("checkout", "--quiet", "-B", "change")
    repo.commit({"infra/new.tf": bucket("new", "public-read")})
    done = check(inside, "--policy", PUBLIC)
    assert done.code == 1
    assert changed(done.json()) == [(PUBLIC, "aws_s3_bucket.new")]


def test_the_base_may_allow_suppressions_that_a_change_adds(repo: Clone, inside: Program) -> None:
    allow = {"trueline.toml": "[check]\nallow_new_suppressions = true\n"}
    repo.commit({"infra/new.tf": IGNORE + bucket("new", "public-read"), **allow})
    assert check(inside, "--policy", PUBLIC).code == 1
    repo.git("checkout", "--quiet", "main")
    repo.commit(allow)
    repo.git("checkout", "--quiet", "-B", "change")
    repo.commit({"infra/new.tf": IGNORE + bucket("new", "public-read")})
    done = check(inside, "--policy", PUBLIC)
    assert done.code == 0
    assert done.json()["suppressions"][0]["introduced"] is True
    assert done.json()["summary"]["excepted"] == 1


def test_modules_and_variables_outside_of_git_serve_both_sides(
    repo: Clone, inside: Program
) -> None:
    repo.git("checkout", "--quiet", "main")
    remote = module("remote", "registry.example.com/a/b/aws", "  name = var.name\n")
    repo.commit({"infra/remote.tf": remote + 'variable "name" {}\n', ".gitignore": ".terraform\n"})
    repo.git("checkout", "--quiet", "-B", "change")
    repo.commit({"infra/notes.md": "nothing"})
    modules = {"Modules": [{"Key": "remote", "Source": "registry.example.com/a/b/aws",
                            "Version": "1.0.0", "Dir": ".terraform/modules/remote"}]}  # fmt: skip
    repo.write(
        {
            "infra/.terraform/modules/modules.json": json.dumps(modules),
            "infra/.terraform/modules/remote/main.tf": INNER,
            "infra/terraform.tfvars": 'name = "given"\n',
        }
    )
    report = check(inside).json()
    assert (PUBLIC, "module.remote.aws_s3_bucket.this") in changed(report, "left")
    assert changed(report) == changed(report, status="unknown") == []


def refused(done: Outcome, *said: str) -> None:
    assert done.code == 2, done
    assert done.out == ""
    assert "help: " in done.err
    for text in said:
        assert text in done.err


def test_a_base_that_does_not_exist_is_refused(inside: Program) -> None:
    refused(check(inside, base="mian"), "mian", "did you mean 'main'")
    refused(check(inside, base="origin/release"), "git fetch origin release")
    refused(check(inside, base=""), "--base")


def test_a_folder_that_is_no_repository_is_refused(program: Program) -> None:
    (program.directory / "main.tf").write_text(bucket("b"))
    refused(program("check", ".", "--base", "main"), "git repository")
    assert program("check", ".", "--fail-on", "never").code == 0


def test_a_shallow_clone_is_refused_with_the_remedy(
    repo: Clone, inside: Program, tmp_path: Path
) -> None:
    repo.commit({"infra/new.tf": bucket("new", "public-read")})
    shallow = repo.clone(tmp_path / "shallow", "--depth", "1", "--branch", "change")
    inside.directory = shallow.top
    refused(check(inside, base="HEAD~1"), "git fetch --unshallow", "fetch-depth: 0")
    refused(check(inside, base="origin/main"), "fetch-depth: 0")
    assert inside("check", "infra", "--fail-on", "never", "--quiet").code == 0
    shallow.git("fetch", "--quiet", "--unshallow", "origin", "main:refs/remotes/origin/main")
    assert {a for _, a in changed(check(inside, base="origin/main").json())} == {
        "aws_s3_bucket.new"
    }


def test_a_base_with_damaged_objects_is_refused(repo: Clone, inside: Program) -> None:
    blob = repo.git("rev-parse", "main:infra/main.tf")
    repo.commit({"infra/main.tf": bucket("b")})
    file = repo.top / ".git/objects" / blob[:2] / blob[2:]
    file.unlink()
    refused(check(inside), "missing")
    file.write_bytes(b"x")
    refused(check(inside), "damaged")


def test_a_plan_has_no_base(repo: Clone, inside: Program) -> None:
    plan = Path(__file__).with_name("plan.json").read_text()
    repo.write({"plan.json": plan})
    refused(check(inside, path="plan.json"), "seen a plan")


def test_faults_of_the_base_are_no_faults_of_the_change(repo: Clone, inside: Program) -> None:
    repo.git("checkout", "--quiet", "main")
    repo.commit({"infra/broken.tf": 'resource "aws_s3_bucket" "x" {\n'})
    repo.git("checkout", "--quiet", "-B", "change")
    repo.commit({"infra/broken.tf": None, "infra/new.tf": bucket("new", "public-read")})
    done = check(inside)
    assert done.code == 1
    assert (PUBLIC, "aws_s3_bucket.new") in changed(done.json())
    assert {c["status"] for c in done.json()["coverage"]} <= {"ok", "unsupported"}
