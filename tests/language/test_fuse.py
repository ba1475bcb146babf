"""Several policies, environments and parameters in one statement."""

from __future__ import annotations

import datetime as dt
import pickle
import subprocess
import sys

import pytest
from kit import NOW, TYPES, VERDICTS, Written, param, policy

from trueline.language import (
    IDENTITY,
    LanguageError,
    PolicySettings,
    compile_policy,
    fuse,
    missing_params,
)

BIG = policy("size > :most", params=param("most", "int", 10), name="big")
SMALL = policy("size < 3", name="small")
ROWS = [
    {"size": 5, "environment": "production"},
    {"size": 5, "environment": "sandbox"},
    {"size": 5},
    {"size": 5, "environment": "never heard of"},
]
SETTINGS = [
    PolicySettings("production", params={"big": {"most": 4}}),
    PolicySettings("sandbox", enabled={"big": False, "small": True}),
    PolicySettings(None, params={"big": {"most": 5}}),
]


def verdicts(settings: list[PolicySettings], *policies: object) -> dict[str, list[str]]:
    statement, rows = Written(ROWS).estate().fused(list(policies), settings)  # type: ignore[arg-type]
    return {
        name: [VERDICTS[row[column]] for row in rows] for name, column in statement.codes.items()
    }


def test_each_environment_has_its_own_parameters_and_policies() -> None:
    assert verdicts(SETTINGS, BIG, SMALL) == {
        "big": ["fail", "not_applicable", "pass", "pass"],
        "small": ["pass"] * 4,
    }


def test_without_settings_for_none_the_first_ones_serve_every_other_row() -> None:
    strictest_first = [PolicySettings("production", params={"big": {"most": 4}}), SETTINGS[1]]
    assert verdicts(strictest_first, BIG)["big"] == ["fail", "not_applicable", "fail", "fail"]


def test_one_setting_serves_every_row() -> None:
    only = [PolicySettings("production", params={"big": {"most": 4}})]
    assert verdicts(only, BIG)["big"] == ["fail"] * 4


def test_a_parameter_may_differ_inside_a_relation() -> None:
    rows = [{**row, "keys": [{"age": 5}]} for row in ROWS]
    old = policy("any_of(keys, k -> k.age > :most)", params=param("most", "int", 10), name="big")
    statement, judged = Written(rows).estate().fused([old], SETTINGS)
    codes = [VERDICTS[row[statement.codes["big"]]] for row in judged]
    assert codes == ["fail", "not_applicable", "pass", "pass"]
    shown = [row[dict(statement.evidence["big"])["keys"]] for row in judged]
    assert [len(found or []) for found in shown] == [1, 0, 0, 0]


def test_a_parameter_without_any_value_leaves_the_policy_out() -> None:
    judged = policy("size > :most", params=param("most", "int", required=True), name="big")
    compiled = compile_policy(judged, TYPES)
    assert missing_params(compiled, PolicySettings()) == ("most",)
    assert missing_params(compiled, SETTINGS[0]) == ()
    expected = ["fail", "not_applicable", "pass", "pass"]
    assert verdicts(SETTINGS, judged)["big"] == expected


@pytest.mark.parametrize("value", ["5", 5.5, True, None, [5]])
def test_a_parameter_of_the_wrong_type_is_refused(value: object) -> None:
    settings = [PolicySettings(params={"big": {"most": value}})]
    with pytest.raises(LanguageError) as caught:
        verdicts(settings, BIG)
    assert "expected int" in caught.value.message


def test_a_row_begins_with_who_it_is() -> None:
    statement, rows = Written([{"size": 5}]).estate().fused([BIG, SMALL])
    assert tuple(rows[0])[: len(IDENTITY)] == IDENTITY
    assert set(statement.codes.values()) < set(rows[0])


def test_no_policy_at_all_gives_the_rows_alone() -> None:
    statement = fuse(TYPES["box"], [], settings=[], now=NOW, evidence="all")
    rows = Written([{}, {}]).estate().con.sql(statement.sql).fetchall()
    assert len(rows) == 2


def test_policies_share_what_they_ask_of_a_relation() -> None:
    first = policy("locked AND any_of(keys, k -> k.strong)", name="a")
    second = policy("size > 1 OR any_of(keys, other -> other.strong)", name="b")
    compiled = [compile_policy(p, TYPES) for p in (first, second)]
    statement = fuse(TYPES["box"], compiled, settings=[], now=NOW, evidence="all")
    assert statement.sql.count('t."strong" AS TINYINT') == 1
    assert dict(statement.evidence["a"])["keys"] == dict(statement.evidence["b"])["keys"]


def test_policies_share_equal_evidence_whatever_their_variables_are_called() -> None:
    first = policy("any_of(rules, r -> r.open)", name="a")
    second = policy("size > 1 AND any_of(rules, other -> other.open)", name="b")
    statement, _ = Written([{}]).estate().fused([first, second])
    assert dict(statement.evidence["a"])["rules"] == dict(statement.evidence["b"])["rules"]


def test_a_compiled_policy_names_the_columns_and_relations_that_it_needs() -> None:
    judged = policy(
        "any_of(keys, k -> k.strong AND any_of(k.maker, m -> m.high)) AND lid.shut "
        "AND is_set(tag('a')) AND any_of(rules, r -> r.port > size)",
        "locked",
    )
    compiled = compile_policy(judged, TYPES)
    assert compiled.columns == ("lid", "locked", "rules", "size", "tags")
    (keys,) = compiled.relations
    assert (keys.table, keys.relation, keys.target, keys.columns) == (
        "box",
        "keys",
        "key",
        ("strong",),
    )
    assert [(r.table, r.target, r.columns) for r in keys.related] == [("key", "shelf", ("high",))]


def test_a_compiled_policy_survives_pickling() -> None:
    compiled = compile_policy(BIG, TYPES)
    assert pickle.loads(pickle.dumps(compiled)) == compiled


def test_fusing_compiled_policies_imports_no_parser() -> None:
    blob = pickle.dumps((TYPES["box"], [compile_policy(BIG, TYPES)]))
    program = (
        "import pickle, sys, datetime as dt\n"
        "from trueline.language import fuse\n"
        f"rtype, policies = pickle.loads({blob!r})\n"
        "now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)\n"
        "assert 'size' in fuse(rtype, policies, settings=[], now=now, evidence='all').sql\n"
        "assert not [m for m in sys.modules if m.startswith(('sqlglot', 'duckdb'))]\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


HOSTILE = ["'; DROP TABLE box; --", "' OR TRUE OR '", "\\", "''", "é\u2028", "{0}", "$1", '"', "%s"]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_compared_and_never_run(text: str) -> None:
    quoted = text.replace("'", "''")
    params = param("name", "text", text) | param("names", "list<text>", [text])
    policies = [
        policy(f"label = '{quoted}' AND coalesce(tag('{quoted}'), '') = '{quoted}'", name="a"),
        policy("label = :name AND label IN :names", params=params, name="b"),
    ]
    rows = [{"label": text, "tags": {text: text}, "environment": text}, {"label": "", "tags": {}}]
    settings = [PolicySettings(text), PolicySettings(None)]
    statement, judged = Written(rows).estate().fused(policies, settings)
    for code in statement.codes.values():
        assert [VERDICTS[row[code]] for row in judged] == ["fail", "pass"]
    assert judged[0][dict(statement.evidence["a"])[f"tags.{text}"]] == text


@pytest.mark.parametrize("text", ["\x02now\x03", "\x02param:other\x03", "\x02", "\x03"])
def test_a_parameter_never_opens_a_hole_in_a_fragment(text: str) -> None:
    judged = policy("label = :name", params=param("name", "text", text))
    assert Written([{"label": text}, {"label": "x"}]).estate().verdicts(judged) == ["fail", "pass"]


def test_a_time_parameter_is_compared_in_utc() -> None:
    since = dt.datetime(2026, 1, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    judged = policy("made_at >= :since", params=param("since", "time", since))
    rows = [{"made_at": "2026-01-01T00:00:00Z"}, {"made_at": "2025-12-31T23:59:59Z"}]
    assert Written(rows).estate().verdicts(judged) == ["fail", "pass"]
