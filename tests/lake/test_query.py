"""A user's SELECT: what it sees, and what it can never reach."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from trueline.errors import ConfigError
from trueline.lake import Lake, query

from .support import resource_type
from .test_commit import HERE, THERE, TYPES, fail, record, things


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = Lake(tmp_path_factory.mktemp("query") / "home")
    record(
        lake,
        {
            HERE: things("a", "b", size=1, tags={"env": "prod"}, rules=[{"port": 1, "cidrs": []}]),
            THERE: things("c", where=THERE, size=2, name="gamma"),
        },
    )
    fail(lake, THERE)
    return lake


def ask(lake: Lake, sql: str, **options: Any) -> list[tuple[Any, ...]]:
    with query(lake, sql, TYPES, **options) as result:
        return list(result.rows())


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT uid, size FROM aws_thing ORDER BY uid", [("a", 1), ("b", 1), ("c", 2)]),
        ("SELECT count(*) FROM aws_thing", [(3,)]),
        ("FROM aws_thing SELECT uid WHERE stale_since IS NOT NULL", [("c",)]),
        ("SELECT count(*) FROM aws_thing p JOIN aws_thing q USING (size)", [(5,)]),
        ("SELECT count(*) FROM aws_thing NATURAL JOIN aws_thing q", [(0,)]),
        ("SELECT t.second FROM aws_thing AS t(first, second) WHERE first = 'gamma'", [(2,)]),
        ("SELECT AWS_Thing.Name FROM AWS_THING WHERE Size = 2", [("gamma",)]),
        ("SELECT q.uid FROM (SELECT aws_thing q FROM aws_thing) WHERE q.size = 2", [("c",)]),
        ("SELECT tags FROM aws_thing WHERE uid = 'a'", [({"env": "prod"},)]),
        ("SELECT rules[1].port FROM aws_thing WHERE uid = 'a'", [(1,)]),
        ("SELECT r.port FROM aws_thing, unnest(rules) u(r) WHERE uid = 'b'", [(1,)]),
        ("WITH aws_thing AS (SELECT 7 n) SELECT n FROM aws_thing", [(7,)]),
        ("WITH RECURSIVE t AS (SELECT 1 n UNION ALL SELECT n + 1 FROM t WHERE n < 3) FROM t",
         [(1,), (2,), (3,)]),
        ("SELECT region, complete, cause FROM scopes ORDER BY region",
         [("eu-west-1", True, None), ("us-east-1", False, "denied")]),
        ("SELECT region, status FROM coverage ORDER BY region",
         [("eu-west-1", "ok"), ("us-east-1", "denied")]),
        ("SELECT count(*) FROM aws_other", [(0,)]),
        ("SELECT 1;", [(1,)]),
        ("SELECT COLUMNS('^ui') FROM aws_thing WHERE size = 2", [("c",)]),
    ],
)  # fmt: skip
def test_a_select_sees_the_snapshot(lake: Lake, sql: str, expected: list[tuple[Any, ...]]) -> None:
    assert ask(lake, sql) == expected


def test_every_column_of_a_table_can_be_read(lake: Lake) -> None:
    with query(lake, "SELECT * FROM aws_thing", TYPES) as result:
        assert {"uid", "_why", "fingerprint", "size"} <= set(result.columns)
        assert len(list(result.rows())) == 3


def test_an_older_snapshot_can_be_asked(lake: Lake) -> None:
    stale = "SELECT count(*) FROM aws_thing WHERE stale_since IS NOT NULL"
    assert ask(lake, stale, snapshot=1) == [(0,)]
    assert ask(lake, stale) == [(1,)]


SECRET = "a secret beside the lake"

HOSTILE = [
    "COPY (SELECT 1) TO '{dir}/stolen'",
    "COPY aws_thing FROM '{file}'",
    "ATTACH '{dir}/new.db' AS d",
    "ATTACH ':memory:' AS d",
    "PRAGMA database_list",
    "PRAGMA enable_profiling",
    "SET memory_limit = '100GB'",
    "SET enable_external_access = true",
    "SET allowed_directories = ['/']",
    "RESET lock_configuration",
    "INSTALL httpfs",
    "LOAD httpfs",
    "LOAD '{file}'",
    "CREATE TABLE t AS SELECT 1",
    "CREATE VIEW v AS SELECT 1",
    "CREATE MACRO m() AS 1",
    "CREATE SECRET s (TYPE s3)",
    "INSERT INTO aws_thing SELECT * FROM aws_thing",
    "WITH w AS (INSERT INTO aws_thing SELECT * FROM aws_thing RETURNING *) SELECT * FROM w",
    "WITH w AS (DELETE FROM aws_thing RETURNING *) SELECT * FROM w",
    "UPDATE aws_thing SET size = 1",
    "DELETE FROM aws_thing",
    "DROP VIEW aws_thing",
    "EXPORT DATABASE '{dir}/out'",
    "IMPORT DATABASE '{dir}'",
    "CHECKPOINT",
    "VACUUM",
    "CALL enable_logging()",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "EXPLAIN SELECT 1",
    "EXPLAIN ANALYZE SELECT 1",
    "DESCRIBE aws_thing",
    "SUMMARIZE aws_thing",
    "SHOW TABLES",
    "SELECT 1; SELECT 2",
    "SELECT 1; COPY (SELECT 1) TO '{dir}/stolen'",
    "",
    ";",
    "-- nothing",
    "SELECT",
    "SELECT $1",
    "SELECT ?",
    "SELECT * FROM '{file}'",
    'SELECT * FROM "{file}"',
    "SELECT * FROM '{dir}/*.csv'",
    "SELECT * FROM 'https://example.com/x.csv'",
    "SELECT * FROM 's3://bucket/x.parquet'",
    "SELECT * FROM read_csv('{file}')",
    "SELECT * FROM read_csv_auto('{file}')",
    "SELECT * FROM read_text('{file}')",
    "SELECT * FROM read_blob('{file}')",
    "SELECT * FROM read_json('{file}')",
    "SELECT * FROM read_parquet('{file}')",
    "SELECT * FROM parquet_scan('{file}')",
    "SELECT * FROM parquet_metadata('{file}')",
    "SELECT * FROM sniff_csv('{file}')",
    "SELECT * FROM glob('{dir}/*')",
    "SELECT * FROM GLOB('{dir}/*')",
    "SELECT * FROM main.read_text('{file}')",
    "SELECT * FROM system.main.read_text('{file}')",
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM query_table('aws_thing')",
    "SELECT (SELECT content FROM read_text('{file}'))",
    "SELECT 1 WHERE EXISTS (FROM read_text('{file}'))",
    "SELECT 1 ORDER BY (SELECT content FROM read_text('{file}'))",
    "SELECT list_transform([1], lambda x: (SELECT content FROM read_text('{file}')))",
    "WITH t AS (FROM read_text('{file}')) FROM t",
    "WITH t AS (FROM '{file}') FROM t",
    "SELECT * FROM aws_thing UNION ALL BY NAME FROM read_text('{file}')",
    "PIVOT aws_thing ON size USING count(*)",
    "SELECT * FROM (PIVOT read_csv('{file}') ON size USING count(*))",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM duckdb_logs()",
    "SELECT * FROM pragma_database_size()",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM pg_catalog.pg_class",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM duckdb_tables",
    "SELECT * FROM main.aws_thing",
    "SELECT * FROM memory.main.aws_thing",
    "SELECT current_setting('memory_limit')",
    "SELECT getvariable('x')",
    "SELECT getenv('HOME')",
    "SELECT write_log('x')",
    "SELECT sleep_ms(100000)",
    "SELECT json_execute_serialized_sql('x')",
    "SELECT json_serialize_plan('SELECT 1')",
    "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "SELECT length(repeat('a', 3000000000))",
    "SELECT length(lpad('a', 2000000000, 'b'))",
    "SELECT len(range(1000000000))",
    "SELECT len(generate_series(1000000000))",
    "SELECT printf('%2000000000d', 1)",
    "SELECT list_resize([1], 1000000000)",
    "SELECT 'a'.repeat(3000000000)",
    "SELECT * FROM python_variable",
    "SELECT * FROM con",
    "SELECT * FROM _scopes",
    "SELECT * FROM _current",
    "SELECT nothing FROM aws_thing",
    "SELECT aws_thing.nothing FROM aws_thing",
    "SELECT 1::nothing",
    "SELECT 'x'::int",
    "SELECT nothing(1)",
    "SELECT error('boom')",
    "\x00",
    "SELECT '\ud800'",
    "SELECT 1 /* unfinished",
]


@pytest.mark.parametrize("sql", HOSTILE)
def test_hostile_sql_is_refused_and_touches_nothing(lake: Lake, tmp_path: Path, sql: str) -> None:
    file = tmp_path / "secret.csv"
    file.write_text(SECRET)
    python_variable = con = [1]
    assert python_variable is con
    with pytest.raises(ConfigError) as caught:
        ask(lake, sql.replace("{file}", str(file)).replace("{dir}", str(tmp_path)))
    assert caught.value.exit_code == 2
    assert caught.value.hint
    assert SECRET not in caught.value.render()
    assert [p.name for p in tmp_path.iterdir()] == ["secret.csv"]
    assert ask(lake, "SELECT count(*) FROM aws_thing") == [(3,)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT " + "(" * 20_000 + "1" + ")" * 20_000,
        "SELECT " + "NOT " * 20_000 + "true",
        "SELECT " + "+".join(["1"] * 20_000),
        "SELECT * FROM " + "(SELECT * FROM " * 3_000 + "aws_thing" + ")" * 3_000,
        "SELECT " + "[" * 5_000 + "]" * 5_000,
        "SELECT " + "list_transform([1], lambda x: " * 40 + "1" + ")" * 40,
        "SELECT " + "EXISTS(SELECT " * 2_000 + "1" + ")" * 2_000,
        "SELECT '" + "x" * 300_000 + "'",
    ],
    ids=["parens", "not", "plus", "subquery", "list", "lambda", "exists", "long"],
)
def test_a_statement_made_to_exhaust_the_stack_is_refused(lake: Lake, sql: str) -> None:
    with pytest.raises(ConfigError):
        ask(lake, sql)


def test_even_behind_the_check_the_connection_reaches_no_file(tmp_path: Path) -> None:
    from trueline.lake.querying import locked_connection

    file = tmp_path / "secret.csv"
    file.write_text(SECRET)
    con = locked_connection("256MB")
    for sql in HOSTILE[:12]:
        text = sql.replace("{file}", str(file)).replace("{dir}", str(tmp_path))
        if "memory" in text or "PRAGMA" in text:
            continue
        with pytest.raises(Exception, match=r"(?i)disabled|locked|not exist|permission|cannot"):
            con.execute(text).fetchall()
    for function in ("read_text", "read_csv", "read_blob", "glob", "read_parquet"):
        with pytest.raises(Exception, match=r"(?i)disabled"):
            con.execute(f"SELECT * FROM {function}('{file}')").fetchall()
    assert [p.name for p in tmp_path.iterdir()] == ["secret.csv"]


def test_an_unknown_table_or_column_is_answered_with_the_nearest_one(lake: Lake) -> None:
    with pytest.raises(ConfigError, match="no table aws_thin") as table:
        ask(lake, "SELECT 1 FROM aws_thin")
    with pytest.raises(ConfigError, match="no column siz") as column:
        ask(lake, "SELECT siz FROM aws_thing")
    assert (table.value.hint or "").startswith("did you mean aws_thing")
    assert "size" in (column.value.hint or "")
    assert table.value.code == column.value.code == "query-refused"


def test_a_query_without_end_is_interrupted(lake: Lake) -> None:
    with pytest.raises(ConfigError) as caught:
        ask(
            lake,
            "WITH RECURSIVE t AS (SELECT 1 n UNION ALL SELECT n FROM t) SELECT count(*) FROM t",
            seconds=0.5,
        )
    assert caught.value.code == "query-timeout"


def test_a_query_that_needs_too_much_memory_says_so(lake: Lake) -> None:
    with pytest.raises(ConfigError) as caught:
        ask(
            lake,
            "SELECT * FROM range(30000000) t(n) ORDER BY hash(n), n::text",
            memory="64MB",
        )
    assert caught.value.code == "query-too-large"


def test_without_a_snapshot_the_answer_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        query(Lake(tmp_path / "home"), "SELECT 1", {"aws_thing": resource_type()})
    assert caught.value.code == "no-snapshot"
