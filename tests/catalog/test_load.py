"""Loading: overriding directories, the digest, and the cache."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from trueline.catalog import Catalog, ContentError, load
from trueline.catalog.build import build
from trueline.catalog.cache import cache_key, cache_path, read_cache, write_cache
from trueline.catalog.files import content_files

from .support import FILES, changed, write


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return build((), write(tmp_path / "content"))[0]


def test_a_later_directory_replaces_whole_files(tmp_path: Path) -> None:
    first = write(tmp_path / "first")
    files = changed("unencrypted.yaml", "severity: high", "severity: low")
    policy = "policies/aws/sqs/aws-sqs-queue-unencrypted.yaml"
    second = write(tmp_path / "second", {f"policies/{Path(policy).name}": files[policy]})
    made, problems = build([second], first)
    assert problems == []
    assert made.policies["aws-sqs-queue-unencrypted"].severity == "low"
    assert set(made.types) == {"aws_sqs_queue", "aws_kms_key"}


def test_shipped_policies_are_checked_against_replaced_types(tmp_path: Path) -> None:
    first = write(tmp_path / "first")
    lean = changed("sqs_queue.yaml", "  sse_sqs:\n", "  sse:\n")["resources/aws/sqs_queue.yaml"]
    second = write(tmp_path / "second", {"resources/aws/queue.yaml": lean})
    _, problems = build([second], first)
    assert problems
    assert {Path(problem.where.file).parent.parent.parent.parent for problem in problems} == {first}


def test_a_directory_that_does_not_exist_or_holds_no_content_is_an_error(tmp_path: Path) -> None:
    for root in (tmp_path / "missing", tmp_path):
        with pytest.raises(ContentError) as caught:
            load([root], tmp_path / "cache")
        assert str(root) in caught.value.render()
        assert caught.value.exit_code == 2


def test_the_error_lists_every_problem_and_survives_pickling(tmp_path: Path) -> None:
    files = changed("sqs_queue.yaml", "omitted: false", "omitted: 0")
    files["policies/x.yml"] = ""
    root = write(tmp_path / "mine", files)
    with pytest.raises(ContentError) as caught:
        load([root], tmp_path / "cache")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert copy.render() == caught.value.render()
    assert {"sqs_queue.yaml", "x.yml"} <= {Path(p.where.file).name for p in copy.problems}


def test_the_digest_is_of_what_the_files_say(tmp_path: Path) -> None:
    one = build((), write(tmp_path / "one"))[0]
    other = build((), write(tmp_path / "other"))[0]
    third = build((), write(tmp_path / "third", changed("cis.yaml", "Queues only", "Queues")))[0]
    assert one.digest == other.digest != third.digest


def test_what_the_cache_gives_back_equals_what_was_put_in(tmp_path: Path, catalog: Catalog) -> None:
    path = cache_path("key", tmp_path / "cache")
    write_cache(path, catalog)
    assert read_cache(path) == catalog
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o660, 0o606, 0o666])
def test_a_cache_that_others_may_write_is_never_unpickled(
    tmp_path: Path, catalog: Catalog, mode: int
) -> None:
    path = cache_path("key", tmp_path / "cache")
    write_cache(path, catalog)
    path.chmod(mode)
    assert read_cache(path) is None


def test_a_cache_in_a_folder_that_others_may_write_is_never_unpickled(
    tmp_path: Path, catalog: Catalog
) -> None:
    path = cache_path("key", tmp_path / "cache")
    write_cache(path, catalog)
    path.parent.chmod(0o777)
    assert read_cache(path) is None
    write_cache(cache_path("other", path.parent), catalog)
    assert not cache_path("other", path.parent).exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_cache_of_another_owner_is_never_unpickled(tmp_path: Path, catalog: Catalog) -> None:
    path = cache_path("key", tmp_path / "cache")
    write_cache(path, catalog)
    os.chown(path, 12345, -1)
    assert read_cache(path) is None


def test_a_cache_that_is_a_link_is_never_followed(tmp_path: Path, catalog: Catalog) -> None:
    path = cache_path("key", tmp_path / "cache")
    write_cache(path, catalog)
    real = path.with_name("elsewhere")
    path.rename(real)
    path.symlink_to(real)
    assert read_cache(path) is None


def test_a_torn_or_foreign_cache_is_as_if_it_were_not_there(
    tmp_path: Path, catalog: Catalog
) -> None:
    path = cache_path("key", tmp_path / "cache")
    write_cache(path, catalog)
    whole = path.read_bytes()
    for broken in (b"", b"junk", whole[:-1], whole[:40], whole[:200] + b"\0" + whole[201:]):
        path.write_bytes(broken)
        assert read_cache(path) is None


def test_a_cache_folder_that_cannot_be_made_is_no_error(tmp_path: Path, catalog: Catalog) -> None:
    (tmp_path / "file").write_text("")
    write_cache(cache_path("key", tmp_path / "file" / "cache"), catalog)
    assert (tmp_path / "file").read_text() == ""


def test_only_some_caches_are_kept(tmp_path: Path, catalog: Catalog) -> None:
    for number in range(12):
        write_cache(cache_path(f"{number}", tmp_path / "cache"), catalog)
    left = sorted(path.name for path in (tmp_path / "cache").iterdir())
    assert len(left) == 8
    assert cache_path("11", tmp_path / "cache").exists()


def test_the_key_changes_with_content_its_place_and_its_time(tmp_path: Path) -> None:
    root = write(tmp_path / "content")

    def key() -> str:
        return cache_key(content_files([root]), [root])

    seen = {key()}
    path = root / "frameworks/cis.yaml"
    path.write_text(FILES["frameworks/cis.yaml"] + "# more\n")
    seen.add(key())
    os.utime(path, ns=(1, 1))
    seen.add(key())
    path.rename(path.with_name("other.yaml"))
    seen.add(key())
    assert len(seen) == 4


def test_a_changed_file_is_noticed_by_the_next_load(tmp_path: Path) -> None:
    root = write(
        tmp_path / "mine", {"frameworks/mine.yaml": "id: mine\ntitle: A\nrequirements: {}\n"}
    )
    assert load([root], tmp_path / "cache").frameworks["mine"].title == "A"
    (root / "frameworks/mine.yaml").write_text("id: mine\ntitle: Other\nrequirements: {}\n")
    assert load([root], tmp_path / "cache").frameworks["mine"].title == "Other"


def test_a_warm_start_imports_no_reader(tmp_path: Path) -> None:
    load((), tmp_path / "cache")
    program = (
        "import sys, pathlib; from trueline.catalog import load;"
        "load((), pathlib.Path(sys.argv[1]));"
        "heavy = {'yaml', 'sqlglot', 'jmespath', 'duckdb', 'pyarrow', 'botocore'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "cache")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
