"""The HTML page: one file that loads nothing and runs only its own script."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from report.kit import EXCUSED, HOSTILE, START, ledger, report, verdict, written
from trueline.model import NotJudged

PAGE = report(
    [
        *(verdict("fail", name, evidence={"note": name, "made": START}) for name in HOSTILE),
        verdict("fail", "excused", exception=EXCUSED),
        verdict("unknown", "dark", last_known="fail"),
        verdict("pass", "good"),
    ],
    [ledger(calls=2), ledger("denied", "a.Get", message="<b>no</b>")],
    [NotJudged("q", "live", "needs column x")],
)


class Parts(HTMLParser):
    """The elements of a page, and the text of its styles and scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] in ("style", "script") and data.strip():
            self.texts.append((self.tags[-1][1].get("id") or self.tags[-1][0], data))


def test_the_policy_of_the_page_allows_exactly_its_style_and_script() -> None:
    parts = Parts(written(PAGE, "html"))
    texts = dict(parts.texts)
    (policy,) = [a["content"] for t, a in parts.tags if t == "meta" and "http-equiv" in a]
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    for kind in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(texts[kind].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy


def test_the_page_refers_to_nothing_outside() -> None:
    text = written(report([verdict()]), "html")
    assert not re.search(r"https?://|@import|url\(", text)
    for tag, attributes in Parts(text).tags:
        assert not {"src", "href", "action", "style"} & set(attributes), tag


def test_the_data_of_the_report_is_in_the_page_and_nothing_ends_its_element() -> None:
    parts = Parts(written(PAGE, "html"))
    assert [t for t, _ in parts.tags].count("script") == 2
    data = json.loads(dict(parts.texts)["data"])
    assert [v["resource"]["name"] for v in data["verdicts"][: len(HOSTILE)]] == list(HOSTILE)
    assert data["summary"]["fail"] == len(HOSTILE) + 1
    assert data["coverage"][0]["status"] == "denied"
    assert data["policies"]["p"]["why"] == "It matters."


def test_the_facts_never_round_up_to_everything() -> None:
    coverage = [ledger("ok", f"a.Get{n}") for n in range(5000)]
    text = written(report([verdict("pass")], [*coverage, ledger("denied")]), "html")
    assert "99.9 % of what was asked" in text


@pytest.mark.needs("chromium")
def test_a_browser_draws_the_page_without_running_a_name(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(written(PAGE, "html"), encoding="utf-8")
    done = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
         f"--user-data-dir={tmp_path}/profile", "--virtual-time-budget=5000", "--dump-dom",
         page.as_uri() + "#policy=p"],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    said = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert not said
    drawn = done.stdout.partition('id="data"')[0]
    assert "&lt;img src=x onerror=alert(1)&gt;" in drawn
    assert "a.Get" in drawn
    assert not re.search(r"<(img|svg)\b", drawn)
