"""The benchmarks measure what they say. No time is judged here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.collection import _measured
from benchmarks.estate import TYPES, build_lake
from benchmarks.evaluation import judge, scan
from benchmarks.findings import apply, ask, build, change, count
from benchmarks.mapping import plain_documents, plain_type
from benchmarks.measure import Figure, run_process
from benchmarks.plan import make_plan
from benchmarks.postgresql import postgresql
from benchmarks.tree import flat_files, tree_files, write_files
from trueline.catalog import load
from trueline.iac.terraform import read_plan
from trueline.iac.terraform.source import read_source
from trueline.iac.trees import DiskTree
from trueline.mapping import Mapper


def _over() -> Iterator[Figure]:
    yield Figure("too much", 2.0, "s", 1.0)


def _within() -> Iterator[Figure]:
    yield Figure("enough", 2.0, "rows/s", 1.0, least=True)
    yield Figure("only shown", 9.0, "s")


def test_a_figure_over_its_limit_fails_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["a", "b"], {"a": _over, "b": _within}) == 1
    printed = capsys.readouterr().out
    assert "OVER too much" in printed
    assert "limit ≤ 1" in printed


def test_figures_within_their_limits_pass_the_run() -> None:
    assert main([], {"b": _within}) == 0


def test_an_unknown_benchmark_is_an_error_of_use() -> None:
    assert main(["c"], {"b": _within}) == 2


def test_a_process_that_fails_is_no_figure() -> None:
    with pytest.raises(RuntimeError, match="ended with 3"):
        run_process("sh", "-c", "exit 3")


def test_a_plain_row_is_known_in_all_twenty_columns() -> None:
    rtype, (first, second) = plain_type(), plain_documents(2)
    assert len(rtype.columns) == 20
    mapper = Mapper(rtype, "live")
    assert mapper.row(first)["_absent"]
    row = mapper.row(second)
    assert not row["_why"]
    assert not row["_absent"]
    assert all(row[name] is not None for name in rtype.columns)


def test_the_plan_has_as_many_blocks_as_asked_of_many_types() -> None:
    said = make_plan(60)
    kinds = {change["type"] for change in said["resource_changes"]}
    assert len(said["resource_changes"]) == 60
    assert len(kinds) >= 15
    data, types = json.dumps(said).encode(), load().types
    code = read_plan(data, "plan.json", types, judged_root=Path("/"), path=Path("/plan.json"))
    assert len([t for t, rows in code.rows.items() if rows]) >= 10


def test_an_estate_is_judged_whole_and_scanned(tmp_path: Path) -> None:
    types = {t: r for t, r in load().types.items() if t in TYPES}
    assert build_lake(tmp_path, types, 2_000) == 2_000
    assert scan(tmp_path)["cpu"] > 0
    judged = judge(tmp_path)
    assert judged["pairs"] > 6_000
    assert 0.2 < judged["not_passing"] / judged["pairs"] < 0.35


def test_the_next_snapshot_of_an_estate_changes_a_few_findings(tmp_path: Path) -> None:
    home, url = tmp_path / "home", f"sqlite:///{tmp_path}/state.sqlite"
    _bring_up_to_date_twice(home, url)
    asked = ask(home, url)
    assert asked["rows"]["first page"] == 100
    assert asked["rows"]["id prefix"] == 1
    assert set(asked["rows"]) == set(asked["pages"]) | set(asked["counts"])


def test_the_same_is_measured_on_postgresql(tmp_path: Path) -> None:
    with postgresql() as server:
        if server is None:
            pytest.skip("PostgreSQL is not installed")
        _bring_up_to_date_twice(tmp_path, server.url)
        spent = server.cpu_seconds()
        assert spent > 0
        assert ask(tmp_path, server.url, str(server.pid))["rows"]["first page"] == 100
        assert server.cpu_seconds() >= spent


def _bring_up_to_date_twice(home: Path, url: str) -> None:
    build(home, 3_000)
    apply(home, url)
    first = count(home, url)
    assert first["findings"] == first["told"] > 2_000
    change(home, 3_000)
    apply(home, url)
    assert 0 < count(home, url)["told"] < first["findings"] / 4, "one scope of four was not read"


def test_both_sides_make_the_same_number_of_calls_and_none_twice() -> None:
    (_, bare), (_, ours) = _measured("bare"), _measured("trueline")
    assert ours == bare
    assert ours["twice"] == 0


def test_the_tree_of_modules_evaluates_to_the_same_resources_each_time(tmp_path: Path) -> None:
    types = load().types
    counts = []
    for name in ("a", "b"):
        folder = tmp_path / name
        write_files(folder, tree_files(3, 4))
        code = read_source(DiskTree(folder), "", types)
        counts.append({table: len(rows) for table, rows in code.rows.items() if rows})
        assert {row.status for row in code.coverage} == {"ok"}
    assert counts[0] == counts[1]
    assert counts[0]["aws_sqs_queue"] == 8, "two of three queues are enabled in each example"
    assert counts[0]["aws_kms_key"] == 3, "the first example makes no key"


def test_a_flat_root_has_as_many_resources_as_asked_for(tmp_path: Path) -> None:
    write_files(tmp_path, flat_files(21))
    code = read_source(DiskTree(tmp_path), "", load().types)
    assert sum(map(len, code.rows.values())) == 21
