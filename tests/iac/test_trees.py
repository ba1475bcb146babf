"""Files of a judged root: what is read, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from trueline.iac.trees import LARGEST_FILE, DiskTree, TreeError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    judged = tmp_path / "judged"
    (judged / "a" / "b").mkdir(parents=True)
    (judged / ".git").mkdir()
    (judged / ".git" / "config").write_text("secret")
    (judged / "a" / "main.tf").write_text("inside")
    (tmp_path / "other").write_text("outside")
    return judged


def refusal(tree: DiskTree, path: str) -> str:
    with pytest.raises(TreeError) as caught:
        tree.read(path)
    assert caught.value.path == path
    assert not tree.is_file(path)
    return caught.value.cause


def test_files_and_folders_are_found_by_relative_paths(root: Path) -> None:
    tree = DiskTree(root)
    assert tree.read("a/main.tf") == b"inside"
    assert tree.read("a/b/../main.tf") == b"inside"
    assert tree.list("") == ["a"]
    assert tree.list("a") == ["b", "main.tf"]
    assert tree.is_dir("")
    assert tree.is_dir("a/b")
    assert not tree.is_file("a")
    assert tree.is_file("a/main.tf")


@pytest.mark.parametrize("path", ["../other", "a/../../other", "/etc/passwd", ".git/config"])
def test_what_lies_outside_is_refused(root: Path, path: str) -> None:
    assert refusal(DiskTree(root), path) == "outside"


def test_links_are_followed_inside_the_root_only(root: Path) -> None:
    (root / "near").symlink_to(root / "a")
    (root / "far").symlink_to(root.parent / "other")
    (root / "up").symlink_to("..")
    (root / "git").symlink_to(".git")
    tree = DiskTree(root)
    assert tree.read("near/main.tf") == b"inside"
    assert tree.real("near/main.tf") == "a/main.tf"
    assert refusal(tree, "far") == "outside"
    assert refusal(tree, "up/other") == "outside"
    assert refusal(tree, "git/config") == "outside"


def test_a_folder_whose_name_begins_like_the_root_is_outside(root: Path) -> None:
    twin = root.parent / "judged-not"
    twin.mkdir()
    (twin / "x").write_text("x")
    (root / "twin").symlink_to(twin)
    assert refusal(DiskTree(root), "twin/x") == "outside"


def test_links_in_a_circle_are_named(root: Path) -> None:
    (root / "one").symlink_to("two")
    (root / "two").symlink_to("one")
    assert refusal(DiskTree(root), "one") == "loop"


def test_a_missing_file_is_missing(root: Path) -> None:
    assert refusal(DiskTree(root), "a/none.tf") == "missing"
    assert refusal(DiskTree(root), "a/main.tf/x") == "missing"


def test_a_pipe_is_no_file_and_does_not_stop_the_reading(root: Path) -> None:
    os.mkfifo(root / "pipe.tf")
    assert refusal(DiskTree(root), "pipe.tf") == "error"


def test_a_file_beyond_the_limit_is_not_read(root: Path) -> None:
    with (root / "big").open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    with pytest.raises(TreeError) as caught:
        DiskTree(root).read("big")
    assert caught.value.cause == "too_large"


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_folder_is_denied(root: Path) -> None:
    (root / "a").chmod(0)
    try:
        with pytest.raises(TreeError) as caught:
            DiskTree(root).list("a")
        assert caught.value.cause == "denied"
    finally:
        (root / "a").chmod(0o700)
