"""Commits are read from git's objects, however they are stored, and nothing else is trusted."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from repositories import Clone, make_repository
from trueline.errors import ConfigError
from trueline.iac.base_tree import BaseTree
from trueline.iac.git import GitTree, Repository
from trueline.iac.revisions import merge_base, resolve
from trueline.iac.trees import DiskTree, TreeError


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """main has three commits; the branch `change` left it after the first."""
    made = make_repository(tmp_path / "repo", {"main.tf": "one", "deep/er/x.tf": "x"})
    made.git("tag", "first")
    made.git("tag", "--annotate", "v1", "--message", "a tag")
    made.git("checkout", "--quiet", "-b", "change")
    made.commit({"main.tf": "changed"})
    made.git("checkout", "--quiet", "main")
    made.commit({"main.tf": "two"})
    made.commit({"main.tf": "three"})
    return made


def tree(clone: Clone, name: str = "HEAD") -> GitTree:
    repository = Repository(clone.top)
    return repository.tree(resolve(repository, name))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("HEAD", "three"), ("@", "three"), ("main", "three"), ("heads/main", "three"),
        ("refs/heads/main", "three"), ("HEAD~1", "two"), ("main^", "two"), ("main~", "two"),
        ("main^^", "one"), ("HEAD~2", "one"), ("main^0", "three"), ("first", "one"),
        ("tags/first", "one"), ("v1", "one"), ("v1^{}", "one"), ("v1^{commit}", "one"),
        ("change", "changed"), ("change~1^0", "one"),
    ],
)  # fmt: skip
def test_a_commit_is_found_by_every_name_that_git_gives_it(
    clone: Clone, name: str, text: str
) -> None:
    assert tree(clone, name).read("main.tf") == text.encode()
    assert resolve(Repository(clone.top), name) == clone.git("rev-parse", f"{name}^{{commit}}")


def test_a_commit_is_found_by_its_id_and_by_the_beginning_of_it(clone: Clone) -> None:
    whole = clone.git("rev-parse", "change")
    for name in (whole, whole.upper(), whole[:7], whole[:11], f"{whole[:7]}~1"):
        assert resolve(Repository(clone.top), name) == clone.git("rev-parse", name)


def test_packed_objects_and_names_read_like_loose_ones(clone: Clone) -> None:
    clone.git("gc", "--quiet", "--aggressive", "--prune=now")
    assert not (clone.top / ".git/refs/heads/main").exists()
    assert tree(clone, "change").read("main.tf") == b"changed"
    short = clone.git("rev-parse", "change")[:9]
    assert resolve(Repository(clone.top), short) == clone.git("rev-parse", "change")


def test_branches_of_a_remote_and_what_was_fetched_last_are_found(
    clone: Clone, tmp_path: Path
) -> None:
    other = clone.clone(tmp_path / "other")
    assert tree(other, "origin/change").read("main.tf") == b"changed"
    assert tree(other, "origin").read("main.tf") == b"three"
    other.git("fetch", "--quiet", "origin", "change")
    assert tree(other, "FETCH_HEAD").read("main.tf") == b"changed"


def test_objects_of_another_repository_are_read_where_a_clone_borrows_them(
    clone: Clone, tmp_path: Path
) -> None:
    clone.git("clone", "--quiet", "--shared", str(clone.top), str(tmp_path / "borrower"))
    borrower = Clone(tmp_path / "borrower")
    assert not list((borrower.top / ".git/objects").glob("??/*"))
    assert tree(borrower, "origin/change").read("main.tf") == b"changed"


def test_a_further_working_tree_reads_the_objects_of_the_first(
    clone: Clone, tmp_path: Path
) -> None:
    clone.git("worktree", "add", "--quiet", str(tmp_path / "second"), "change")
    second = Clone(tmp_path / "second")
    assert tree(second).read("main.tf") == b"changed"
    assert tree(second, "main").read("main.tf") == b"three"


def test_a_repository_with_long_ids_is_read(tmp_path: Path) -> None:
    made = Clone(tmp_path)
    made.git("init", "--quiet", "--object-format=sha256", "--initial-branch", "main")
    commit = made.commit({"a.tf": "a"})
    assert len(commit) == 64
    assert tree(made, commit[:8]).read("a.tf") == b"a"


def test_a_tree_shows_files_folders_and_what_is_not_there(clone: Clone) -> None:
    files = tree(clone)
    assert files.list("") == ["deep", "main.tf"]
    assert files.list("deep/er") == ["x.tf"]
    assert files.read("deep/../deep/er/./x.tf") == b"x"
    assert files.is_dir("deep")
    assert files.is_dir("")
    assert files.is_file("deep/er/x.tf")
    assert not files.is_file("deep")
    assert not files.is_dir("main.tf")
    assert not files.is_file("nowhere.tf")
    for path, cause in (
        ("nowhere.tf", "missing"), ("main.tf/x", "missing"), ("deep", "error"),
        ("../x", "outside"), ("/etc/passwd", "outside"), (".git/config", "outside"),
    ):  # fmt: skip
        with pytest.raises(TreeError) as caught:
            files.read(path)
        assert caught.value.cause == cause, path


def test_links_are_followed_inside_the_commit_only(clone: Clone) -> None:
    for name, target in (
        ("in.tf", "deep/er/x.tf"), ("folder", "deep"), ("deep/up", "er/../../main.tf"),
        ("out.tf", "../../secret"), ("absolute.tf", "/etc/passwd"), ("gone.tf", "nowhere"),
        ("round.tf", "round.tf"), ("a.tf", "b.tf"), ("b.tf", "a.tf"), ("git.tf", ".git/config"),
    ):  # fmt: skip
        (clone.top / name).symlink_to(target)
    clone.commit()
    files = tree(clone)
    assert files.read("in.tf") == b"x"
    assert files.real("in.tf") == "deep/er/x.tf"
    assert files.read("folder/er/x.tf") == b"x"
    assert files.read("folder/up") == b"three"
    assert files.is_dir("folder")
    for path, cause in (
        ("out.tf", "outside"), ("absolute.tf", "outside"), ("gone.tf", "missing"),
        ("round.tf", "loop"), ("a.tf", "loop"), ("git.tf", "missing"),
    ):  # fmt: skip
        with pytest.raises(TreeError) as caught:
            files.read(path)
        assert caught.value.cause == cause, path
        assert not files.is_file(path)


def test_no_filter_and_no_hook_runs(clone: Clone, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    clone.commit({".gitattributes": "*.tf filter=bad diff=bad\n", "f.tf": "as stored"})
    clone.git("config", "filter.bad.smudge", f"touch {ran}")
    clone.git("config", "filter.bad.process", f"touch {ran}")
    clone.git("config", "core.fsmonitor", f"touch {ran}")
    for hook in ("post-checkout", "post-index-change", "reference-transaction"):
        file = clone.top / ".git/hooks" / hook
        file.write_text(f"#!/bin/sh\ntouch {ran}\n")
        file.chmod(0o755)
    assert tree(clone).read("f.tf") == b"as stored"
    assert not ran.exists()


def test_a_submodule_is_no_folder_of_the_commit(clone: Clone, tmp_path: Path) -> None:
    inner = make_repository(tmp_path / "inner", {"i.tf": "i"})
    clone.git(
        "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.top), "sub"
    )
    clone.commit()
    files = tree(clone)
    assert "sub" in files.list("")
    assert not files.is_dir("sub")
    assert not files.is_file("sub/i.tf")
    assert files.submodule("sub/i.tf") == inner.git("rev-parse", "HEAD")
    assert files.submodule("deep/er") is None
    assert tree(Clone(clone.top / "sub")).read("i.tf") == b"i"


def test_a_commit_knows_which_paths_it_decides_about(clone: Clone) -> None:
    (clone.top / "broken").symlink_to("nowhere")
    clone.commit()
    files = tree(clone)
    for path in ("", "main.tf", "deep", "deep/er/x.tf", "broken", "broken/x", "main.tf/x"):
        assert files.holds(path), path
    for path in ("nowhere", "nowhere/x.tf", "deep/y.tf"):
        assert not files.holds(path), path


def base_tree(clone: Clone, base: str) -> BaseTree:
    return BaseTree(tree(clone, base), tree(clone), DiskTree(clone.top))


def test_the_base_has_what_is_in_neither_commit_and_nothing_of_the_change(clone: Clone) -> None:
    clone.commit({"added.json": "the change", ".terraform/tracked": "the change"})
    (clone.top / "link").symlink_to(".terraform/modules/m")
    clone.commit()
    clone.write(
        {
            "terraform.tfvars": "untracked", "uncommitted.tf": "the change",
            ".terraform/modules/m/m.tf": "untracked", "main.tf": "uncommitted",
            "folder/x.tf": "the change", "folder/made.json": "untracked",
        }
    )  # fmt: skip
    files = base_tree(clone, "HEAD~2")
    assert files.read("main.tf") == b"three"
    assert files.read("terraform.tfvars") == b"untracked"
    assert files.read(".terraform/modules/m/m.tf") == b"untracked"
    assert files.is_dir(".terraform/modules")
    assert files.list("") == ["deep", "folder", "main.tf", "terraform.tfvars"]
    assert files.list("folder") == ["made.json"]
    assert files.list(".terraform/modules/m") == ["m.tf"]
    for path in ("added.json", "uncommitted.tf", "link/m.tf", ".terraform/tracked"):
        assert not files.is_file(path), path
        with pytest.raises(TreeError):
            files.read(path)


def test_a_submodule_that_did_not_move_serves_both_sides(clone: Clone, tmp_path: Path) -> None:
    inner = make_repository(tmp_path / "inner", {"i.tf": "i"})
    clone.git(
        "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.top), "sub"
    )
    clone.commit()
    clone.commit({"main.tf": "four"})
    assert base_tree(clone, "HEAD~1").read("sub/i.tf") == b"i"
    assert base_tree(clone, "HEAD~1").list("sub") == ["i.tf"]
    Clone(clone.top / "sub").commit({"i.tf": "moved"})
    clone.commit()
    assert not base_tree(clone, "HEAD~1").is_file("sub/i.tf")


def refused(top: Path, name: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        resolve(Repository(top), name)
    assert caught.value.exit_code == 2
    return caught.value


@pytest.mark.parametrize(
    "name",
    ["mian", "", "-x", "main:main.tf", ":/A", "@{u}", "HEAD@{1}", "main~9", "main^2", "HEAD^{tree}",
     "../../x", "refs/heads/../../config", "deadbeef", "0" * 40, "a b", "é"],
)  # fmt: skip
def test_a_name_of_no_commit_is_refused_with_a_remedy(clone: Clone, name: str) -> None:
    error = refused(clone.top, name)
    assert name in error.message
    assert error.hint


def test_a_name_that_is_nearly_right_is_told(clone: Clone, tmp_path: Path) -> None:
    assert "did you mean 'main'" in (refused(clone.top, "mian").hint or "")
    other = clone.clone(tmp_path / "other", "--branch", "change")
    assert "did you mean 'origin/main'" in (refused(other.top, "main").hint or "")
    assert "git fetch origin release" in (refused(other.top, "origin/release").hint or "")


def test_a_name_of_something_else_than_a_commit_is_refused(clone: Clone) -> None:
    clone.git("tag", "blob", clone.git("rev-parse", "HEAD:main.tf"))
    assert "no commit" in refused(clone.top, "blob").message


def test_what_is_no_repository_is_refused(tmp_path: Path) -> None:
    for make in (lambda d: None, lambda d: (d / ".git").mkdir(), lambda d: (d / ".git").touch()):
        make(tmp_path)
        with pytest.raises(ConfigError) as caught:
            Repository(tmp_path)
        assert "git repository" in caught.value.message
        assert caught.value.exit_code == 2
        if (tmp_path / ".git").is_dir():
            (tmp_path / ".git").rmdir()


def test_a_shallow_clone_that_lacks_the_commit_says_how_to_get_it(
    clone: Clone, tmp_path: Path
) -> None:
    shallow = clone.clone(tmp_path / "shallow", "--depth", "1")
    assert tree(shallow).read("main.tf") == b"three"
    for name in ("HEAD~1", clone.git("rev-parse", "HEAD~1")):
        hint = refused(shallow.top, name).hint or ""
        assert "git fetch --unshallow" in hint
        assert "fetch-depth: 0" in hint
    assert "fetch-depth: 0" in (refused(shallow.top, "first").hint or "")


def test_a_partial_clone_reads_what_it_has_and_refuses_what_it_lacks(
    clone: Clone, tmp_path: Path
) -> None:
    clone.git("config", "uploadpack.allowFilter", "true")
    partial = clone.clone(tmp_path / "partial", "--filter=blob:none")
    assert tree(partial).read("main.tf") == b"three"
    base = tree(partial, "origin/change")
    assert base.is_file("main.tf")
    with pytest.raises(ConfigError) as caught:
        base.read("main.tf")
    assert "partial clone" in caught.value.message
    assert caught.value.hint


def test_a_damaged_object_is_an_error_and_not_an_empty_file(clone: Clone) -> None:
    blob = clone.git("rev-parse", "HEAD:main.tf")
    file = clone.top / ".git/objects" / blob[:2] / blob[2:]
    file.chmod(0o644)
    file.write_bytes(b"not zlib")
    with pytest.raises(ConfigError, match="could not be read"):
        tree(clone).read("main.tf")
    file.unlink()
    with pytest.raises(ConfigError, match="missing"):
        tree(clone).read("main.tf")


@pytest.mark.parametrize("data", [b"", b"what is this\n", b"\xff\xfe"])
def test_damaged_names_are_an_error_and_no_traceback(clone: Clone, data: bytes) -> None:
    (clone.top / ".git/packed-refs").write_bytes(data)
    with pytest.raises(ConfigError):
        resolve(Repository(clone.top), "origin/main")


def test_a_new_repository_has_no_current_commit(tmp_path: Path) -> None:
    Clone(tmp_path).git("init", "--quiet")
    assert Repository(tmp_path).ref("HEAD") is None
    assert "no such branch" in refused(tmp_path, "HEAD").message


def base_of(clone: Clone, one: str, other: str) -> str | None:
    repository = Repository(clone.top)
    return merge_base(repository, resolve(repository, one), resolve(repository, other))


def test_the_merge_base_is_where_the_branches_parted(clone: Clone) -> None:
    first = clone.git("rev-parse", "first")
    assert base_of(clone, "change", "main") == first
    assert base_of(clone, "main", "change") == first
    assert base_of(clone, "main", "main~1") == clone.git("rev-parse", "main~1")
    assert base_of(clone, "main", "main") == clone.git("rev-parse", "main")


def test_a_branch_that_took_the_newest_main_in_is_compared_with_it(clone: Clone) -> None:
    clone.git("checkout", "--quiet", "change")
    clone.git("merge", "--quiet", "--strategy=ours", "--message", "take main in", "main")
    clone.commit({"new.tf": "new"})
    clone.git("checkout", "--quiet", "main")
    clone.commit({"later.tf": "later"})
    assert base_of(clone, "change", "main") == clone.git("merge-base", "change", "main")
    assert base_of(clone, "change", "main") == clone.git("rev-parse", "main~1")


def test_histories_with_nothing_in_common_have_no_merge_base(clone: Clone) -> None:
    clone.git("checkout", "--quiet", "--orphan", "alone")
    clone.commit({"main.tf": "alone"})
    assert base_of(clone, "alone", "main") is None


def test_a_shallow_clone_that_hides_the_merge_base_is_refused(clone: Clone, tmp_path: Path) -> None:
    shallow = clone.clone(tmp_path / "shallow", "--depth", "1", "--no-single-branch")
    assert resolve(Repository(shallow.top), "origin/change")
    with pytest.raises(ConfigError) as caught:
        base_of(shallow, "origin/change", "main")
    assert "git fetch --unshallow" in (caught.value.hint or "")


def test_a_shallow_merge_commit_is_enough_where_its_parent_is_there(
    clone: Clone, tmp_path: Path
) -> None:
    clone.git("checkout", "--quiet", "-b", "merged", "main")
    clone.git("merge", "--quiet", "--strategy=ours", "--message", "try the change", "change")
    shallow = clone.clone(tmp_path / "shallow", "--depth", "1", "--branch", "merged")
    shallow.git("fetch", "--quiet", "--depth", "1", "origin", "main")
    assert base_of(shallow, "HEAD", "FETCH_HEAD") == clone.git("rev-parse", "main")


def test_merge_bases_agree_with_git_on_a_tangled_history(tmp_path: Path) -> None:
    made = make_repository(tmp_path / "tangle", {"n": "0"})
    made.git("branch", "b")
    for step in range(1, 9):
        for branch, other in (("main", "b"), ("b", "main")):
            made.git("checkout", "--quiet", branch)
            made.commit({f"{branch}{step}": str(step)})
            if step % 3 == len(branch) % 3:
                made.git("merge", "--quiet", "--no-edit", other)
    names = [f"{branch}~{back}" for branch in ("main", "b") for back in range(6)]
    for one in names:
        for other in names:
            expected = made.git("merge-base", "--all", one, other).split()
            assert base_of(made, one, other) in expected, (one, other)


def test_a_repository_that_cannot_be_read_is_refused(clone: Clone, tmp_path: Path) -> None:
    shutil.copytree(clone.top, tmp_path / "copy")
    (tmp_path / "copy/.git/commondir").mkdir()
    with pytest.raises(ConfigError, match="could not be read"):
        Repository(tmp_path / "copy")
