"""One escaping function a format, over one corpus of hostile names."""

from __future__ import annotations

import html
import shlex
import subprocess

import pytest

from report.kit import HOSTILE, verdict
from trueline.report.escape import csv_cell, html_text, markdown, shell, terminal, xml_text
from trueline.report.playbook import render_command


@pytest.mark.parametrize("name", HOSTILE)
def test_a_terminal_gets_only_what_it_prints(name: str) -> None:
    assert terminal(name).isprintable()


@pytest.mark.parametrize("name", HOSTILE)
def test_html_gets_text(name: str) -> None:
    assert not set("<>\"'") & set(html_text(name))
    assert html.unescape(html_text(name)) == name


@pytest.mark.parametrize("name", HOSTILE)
def test_a_shell_reads_one_word_that_means_the_name(name: str) -> None:
    if "\x00" in name:
        assert "\\000" in shell(name)
        return
    done = subprocess.run(
        ["bash", "-c", f"printf '%s|' {shell(name)}"], capture_output=True, check=True
    )
    assert done.stdout.decode() == name + "|"
    assert shell(name).isprintable()


@pytest.mark.parametrize("name", HOSTILE)
def test_markdown_stays_on_one_line_without_markup(name: str) -> None:
    plain = markdown(name)
    assert plain.isprintable()
    for mark in "<>[]()`*_|@#":
        assert plain.count(mark) == plain.count("\\" + mark)


def test_a_spreadsheet_computes_nothing_and_xml_holds_nothing_forbidden() -> None:
    assert csv_cell("=1") == "'=1"
    assert csv_cell(None) == ""
    assert csv_cell("plain") == "plain"
    assert xml_text("a\x00b\x1b") == "a\ufffdb\ufffd"


def test_a_command_is_filled_with_words() -> None:
    made = verdict("fail", "a; b", evidence={"size": 3, "list": [1]})
    assert render_command("x {name} {size} {list} {other}", made) == "x 'a; b' 3 <list> <other>"
    assert shlex.split(render_command("x {name}", made)) == ["x", "a; b"]


def test_a_value_that_looks_like_an_option_is_not_filled_in() -> None:
    assert render_command("x {name}", verdict("fail", "--profile=root")) == "x <name>"
