"""The pages say what the program is: nothing is missing, out of date, or leads nowhere."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from trueline.catalog import load
from trueline.cli.app import program
from trueline.cli.explain import CAUSES
from trueline.errors import ConfigError
from trueline.pipeline import broken_rules, check_code, open_workspace
from trueline.settings import load_settings

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)


def headings(page: Path) -> list[str]:
    return _HEADING.findall(_FENCE.sub("", page.read_text()))


def commands(path: str, group: click.Group) -> Iterator[str]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(f"{path} {name}", command)
        else:
            yield f"{path} {name}"


def test_the_generated_pages_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "docs.generate", "--check"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_every_command_has_a_heading() -> None:
    said = headings(DOCS / "reference" / "commands.md")
    assert [c for c in commands("trueline", program) if c not in said] == []


def test_every_table_and_policy_is_described() -> None:
    catalog = load()
    for table in catalog.types:
        assert (DOCS / "reference" / "types" / f"{table}.md").is_file(), table
    listed = (DOCS / "reference" / "policies.md").read_text()
    assert [p for p in catalog.policies if f"`{p}`" not in listed] == []


def test_every_cause_has_a_heading() -> None:
    said = headings(DOCS / "unknowns.md")
    assert [c for c in CAUSES if c not in said] == []


def settings_keys(directory: Path) -> Iterator[str]:
    """Every key of trueline.toml, asked of its reader: an unknown key is answered with all."""
    known: dict[str, list[str]] = {}
    for table, text in {
        "": "zzzzzz = 1",
        "accounts.": "[accounts]\nzzzzzz = 1",
        "check.": "[check]\nzzzzzz = 1",
        "owners.": "[owners]\nzzzzzz = 1",
        "approvers.": "[approvers]\nzzzzzz = 1",
        "risk.": "[risk]\nzzzzzz = 1",
        "assets.": "[[assets]]\nzzzzzz = 1",
        "environments.": "[[environments]]\nname = 'a'\nmatch = 'TRUE'\nzzzzzz = 1",
        "environments.policies.": "[[environments]]\nname = 'a'\nmatch = 'TRUE'\n"
        "[environments.policies.x]\nzzzzzz = 1",
    }.items():
        file = directory / "trueline.toml"
        file.write_text(text)
        with pytest.raises(ConfigError) as refused:
            load_settings(file)
        hint = refused.value.hint or ""
        names = hint.removeprefix("known: ").split(", ") if hint.startswith("known: ") else []
        known[table] = names or [hint.removeprefix("did you mean ").strip("'?")]
    for table, names in known.items():
        yield from (table + name for name in names if f"{table}{name}." not in known)


def test_every_setting_has_a_heading(tmp_path: Path) -> None:
    keys = list(settings_keys(tmp_path))
    some = {"content", "owners.rules", "assets.match", "environments.policies.enabled"}
    assert some <= set(keys)
    said = headings(DOCS / "configuration.md")
    assert [k for k in keys if k not in said] == []


def test_the_configuration_of_the_page_works(tmp_path: Path) -> None:
    example = re.search(r"```toml\n(.*?)```", (DOCS / "configuration.md").read_text(), re.DOTALL)
    assert example
    for folder in tomllib.loads(example[1])["content"]:
        (tmp_path / folder / "policies").mkdir(parents=True)
    (tmp_path / "trueline.toml").write_text(example[1])
    room = open_workspace(str(tmp_path), str(tmp_path / "trueline.toml"))
    assert [e.name for e in room.settings.environments] == ["production", "sandbox"]
    assert list(broken_rules(room.settings)) == []
    report = check_code(room, str(ROOT / "tests" / "e2e" / "plan.json"))
    assert report.summary.failed


def anchors(page: Path) -> set[str]:
    """Anchors as GitHub makes them."""
    plain = (re.sub(r"[^\w\- ]", "", h.lower()) for h in headings(page))
    return {h.strip().replace(" ", "-") for h in plain}


@pytest.mark.parametrize("page", PAGES, ids=[str(p.relative_to(ROOT)) for p in PAGES])
def test_every_internal_link_leads_somewhere(page: Path) -> None:
    broken = []
    for link in _LINK.findall(_FENCE.sub("", page.read_text())):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        for link in _LINK.findall(_FENCE.sub("", page.read_text())):
            target = (page.parent / link.partition("#")[0]).resolve()
            if target.suffix == ".md" and target.is_file():
                waiting.append(target)
    assert [str(p.relative_to(ROOT)) for p in PAGES if p not in seen] == []


def test_the_readme_shows_policies_as_they_are_and_counts_the_tables() -> None:
    catalog = load()
    text = (ROOT / "README.md").read_text()
    shown = re.findall(r"^  (\w+) +(aws-[a-z0-9-]+)  (.+?)  ×\d+$", text, re.MULTILINE)
    assert len(shown) >= 3
    for severity, name, title in shown:
        policy = catalog.policies[name]
        assert (severity, title) == (policy.severity, policy.title)
    for page in ("README.md", "CHANGELOG.md"):
        counted = re.findall(r"(\d+) (?:AWS )?resource types", (ROOT / page).read_text())
        assert counted == [str(len(catalog.types))], page


def test_the_policy_format_is_shown_on_a_policy_as_it_is() -> None:
    block = re.search(r"```yaml\n(id: .*?)```", (DOCS / "policies.md").read_text(), re.DOTALL)
    assert block
    said = dict(re.findall(r"^(\w+): (.+?)(?: +#.*)?$", block[1], re.MULTILINE))
    policy = load().policies[said["id"]]
    for key in ("title", "severity", "resource", "applies_when", "fails_when", "fixed_by"):
        assert said[key] == getattr(policy, key), key
    assert said["automation"] == policy.automation


def test_the_picture_is_small() -> None:
    assert (DOCS / "report.png").stat().st_size < 200_000
