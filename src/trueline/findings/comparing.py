"""What a snapshot says of one resource type, beside what the store holds of it.

    _row        the failing resources: tags, incarnation, flags
    _known      of each finding in the store a key and two marks, short enough to hold a million
    _now        the same of each policy that fails or is not known now, and where its row is
    _todo       where the two differ
    changes     what the snapshot says of these, whole: identity, owner, evidence

Only what differs leaves DuckDB. Where the store holds nothing of a type, all of it does.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pyarrow as pa

from trueline.evaluate import Layout
from trueline.evaluate.judge import PolicyLayout
from trueline.findings.evidence import Piece, json_sql, mark_sql
from trueline.findings.owners import Owning
from trueline.lake.snapshot import VerdictSource
from trueline.language import CAUSES, causes_of
from trueline.model import Policy

__all__ = ["KNOWN", "Comparison", "Place", "Said", "key_sql"]

KNOWN = pa.schema(
    [
        ("key", pa.string()),
        ("resolved", pa.int8()),
        ("unconfirmed", pa.int8()),
        ("incarnation", pa.string()),
        ("evidence_mark", pa.string()),
        ("subject_mark", pa.string()),
    ]
)
"""What the store tells of each finding that has a key."""

Place = tuple[str, str, str | None, str | None]
"""Account and region of the scope, incarnation and environment of a row."""

_BATCH = 5_000
_MISSING = "SELECT k.key FROM _known k ANTI JOIN _now n ON n.key = k.key WHERE NOT k.resolved"


@dataclass(frozen=True, slots=True)
class Said:
    """Everything that decides what a snapshot says of a type.

    `levels` give data sensitivity and criticality as SQL over a subject; `salt` is a digest of
    settings that change what is made of a subject. `held` = policies that an environment does not
    judge, whatever the snapshot says; `unjudged` = those it did not judge when the snapshot was
    made. `flags` is a relation (uid, exposed, privileged), None = the type has none.
    """

    table: str
    layout: Layout
    source: VerdictSource | None
    policies: Mapping[str, Policy]
    severities: Mapping[tuple[str | None, str], str]
    held: Mapping[tuple[str | None, str], str]
    owning: Owning
    levels: tuple[str, str]
    salt: str
    flags: str | None = None
    unjudged: frozenset[tuple[str | None, str]] = frozenset()


@dataclass(slots=True)
class Comparison:
    """One type's comparison on a connection; tables of its names are made and dropped."""

    con: duckdb.DuckDBPyConnection
    said: Said
    judged: Sequence[PolicyLayout] = field(init=False)
    _anything: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        known = self.said.policies
        self.judged = [p for p in self.said.layout.policies if p.policy in known]

    def prepare(self, known: Iterable[pa.RecordBatch]) -> None:
        """Lay both sides out."""
        con = self.con
        con.execute(f"CREATE OR REPLACE TABLE _row AS {self._rows()}")
        con.execute(
            "CREATE OR REPLACE TABLE _known (key VARCHAR, resolved BOOLEAN, unconfirmed BOOLEAN, "
            "incarnation VARCHAR, evidence_mark VARCHAR, subject_mark VARCHAR)"
        )
        for batch in known:
            self._anything = True
            con.register("_incoming", batch)
            con.execute("INSERT INTO _known SELECT * FROM _incoming")
            con.unregister("_incoming")
        if self._anything:
            con.execute(
                "CREATE OR REPLACE TABLE _now AS SELECT key, spot, fails, incarnation, "
                f"evidence_mark, subject_mark FROM ({self._saying()})"
            )
            con.execute(f"CREATE OR REPLACE TABLE _todo AS {_TODO}")

    def changes(self) -> Iterator[list[dict[str, Any]]]:
        """What the snapshot says otherwise, in batches; `todo` names what is to be done."""
        sql = f"SELECT 'open' AS todo, p.* FROM ({self._saying()}) p WHERE p.fails"
        if self._anything:
            said = self._saying("v.file_row_number IN (SELECT spot FROM _todo)")
            sql = f"SELECT t.todo, p.* FROM ({said}) p JOIN _todo t ON t.key = p.key"
        for batch in self.con.cursor().sql(sql).to_arrow_reader(_BATCH):
            if batch.num_rows:
                rows = [row | {"cause": self._cause(row)} for row in batch.to_pylist()]
                yield sorted(rows, key=lambda row: str(row["key"]))

    def _cause(self, row: Mapping[str, Any]) -> str | None:
        """Why a policy could not tell; None where it could."""
        if row["stale"]:
            return "stale"
        if row["unknown"] is None:
            return None
        place = next(p for p in self.judged if p.policy == row["policy"])
        return causes_of(json.loads(row["unknown"]), place.reasons, place.code)[0][1]

    def missing(self) -> Iterator[list[str]]:
        """Keys of unresolved findings of which the snapshot says neither fail nor unknown."""
        if not self._anything:
            return
        for batch in self.con.cursor().sql(_MISSING).to_arrow_reader(_BATCH):
            if batch.num_rows:
                yield batch["key"].to_pylist()

    def unknown(self, policies: Collection[str]) -> list[tuple[str, str, str]]:
        """(policy, uid, account) of what could not be judged by these policies."""
        if not policies or self.said.source is None:
            return []
        among = ", ".join(map(_text, sorted(policies)))
        sql = (
            f"SELECT policy, uid, scope_account FROM ({self._saying()}) "
            f"WHERE NOT fails AND policy IN ({among}) ORDER BY ALL"
        )
        return self.con.execute(sql).fetchall()

    def standing(self, uids: Sequence[str]) -> dict[str, Place]:
        """Where the rows of these uids stand."""
        self.con.register("_incoming", pa.table({"uid": pa.array(uids, pa.string())}))
        sql = (
            "SELECT r.uid, r.scope_account, r.scope_region, r.incarnation, r.environment "
            f'FROM "{self.said.table}" r SEMI JOIN _incoming i ON i.uid = r.uid'
        )
        rows = self.con.execute(sql).fetchall()
        self.con.unregister("_incoming")
        return {uid: (account, region, *rest) for uid, account, region, *rest in rows}

    def close(self) -> None:
        """Take the tables away: the next type makes its own."""
        for name in ("_row", "_now", "_known", "_todo"):
            self.con.execute(f"DROP TABLE IF EXISTS {name}")

    def _rows(self) -> str:
        flags = "NULL::TINYINT AS exposed, NULL::TINYINT AS privileged"
        joined = ""
        if self.said.flags:
            flags = "f.exposed, f.privileged"
            joined = f"LEFT JOIN ({self.said.flags}) f ON f.uid = r.uid"
        source = self.said.source
        if source is None:
            return (
                f"SELECT NULL::VARCHAR AS uid, NULL::VARCHAR AS incarnation, {_NO_ROW} WHERE FALSE"
            )
        return (
            f"SELECT r.uid, r.incarnation, r.tags, map_keys(r._why) AS why, {flags} "
            f'FROM "{self.said.table}" r {joined} '
            f"WHERE r.uid IN (SELECT uid FROM {source.sql})"
        )

    def _saying(self, rows: str = "TRUE") -> str:
        """Wide rows taken apart: one row per policy, with its owner and marks."""
        source = self.said.source
        if source is None or not self.judged:
            return _NOTHING
        each = ", ".join(self._policy(p, source.schema) for p in self.judged)
        parts = f"list_filter([{each}], lambda _p: _p IS NOT NULL)"
        taken = (
            f"SELECT {_IDENTITY}, {self._constant()}, "
            "r.tags, r.incarnation, r.exposed, r.privileged, "
            f"v.file_row_number AS spot, {_ROW_MARK} AS row_mark, "
            f"unnest({parts}) AS s FROM {source.sql} v LEFT JOIN _row r ON r.uid = v.uid "
            f"WHERE {rows}"
        )
        owning, (sensitivity, criticality) = self.said.owning, self.said.levels
        subject = (
            "SELECT t.* EXCLUDE (s), s.key AS key, s.policy AS policy, s.fails AS fails, "
            "s.stale AS stale, s.unknown AS unknown, s.severity AS severity, "
            "s.evidence AS evidence, s.evidence_mark AS evidence_mark, s.unread AS unread, "
            "'live' AS plane, "
            "NULL::VARCHAR AS account_path "
            f"FROM ({taken}) t"
        )
        owned = (
            f"SELECT p.*, {owning.owner} AS owner, {owning.step} AS owner_step, "
            f"{owning.gap} AS owner_gap FROM ({subject}) p"
        )
        weighed = (
            f"SELECT p.*, {sensitivity} AS sensitivity, {criticality} AS criticality "
            f"FROM ({owned}) p"
        )
        return (
            "SELECT p.* EXCLUDE (tags, plane, account_path, row_mark), "
            "to_json(p.tags)::VARCHAR AS tags, "
            "(md5_number_lower(to_json(p.tags)::VARCHAR) >> 1)::BIGINT AS tag_set, "
            f"{self._mark()} AS subject_mark FROM ({weighed}) p"
        )

    def _constant(self) -> str:
        said = self.said.layout.constant
        return ", ".join(f"{_text(str(said[name]))} AS {name}" for name in ("type", "provider"))

    def _policy(self, place: PolicyLayout, schema: pa.Schema) -> str:
        """One policy of a wide row as a struct."""
        policy, code = self.said.policies[place.policy], f"v.{place.code}"
        values = {
            label: Piece(f"v.{name}", schema.field(name).type, name in self.said.layout.json)
            for label, name in place.evidence
        }
        fresh = "v.stale_since IS NULL"
        held = " OR ".join(
            "v.environment IS NULL" if name is None else f"v.environment = {_text(name)}"
            for name, which in self.said.held
            if which == policy.id
        )
        wanted = f"{code} IS NOT NULL AND ({code} > 0 OR NOT ({fresh}))"
        if held:
            wanted += f" AND NOT coalesce({held}, FALSE)"
        return (
            f"CASE WHEN {wanted} THEN {{"
            f"'key': {key_sql(_text(place.policy), 'v.uid')}, 'policy': {_text(place.policy)}, "
            f"'fails': {code} = 2 AND {fresh}, "
            f"'stale': NOT ({fresh}), 'unknown': CASE WHEN {code} = 1 THEN v.{CAUSES} END, "
            f"'severity': {self._severity(policy)}, 'evidence': {json_sql(values)}, "
            f"'evidence_mark': {mark_sql(values)}, 'unread': {_unread(list(values))}}} END"
        )

    def _mark(self) -> str:
        """A digest of the subject; the owner, who may have any name, comes last."""
        said = ", ".join(f"coalesce(p.{name}::VARCHAR, '')" for name in _OF_POLICY)
        return f"substr(md5(concat_ws(chr(10), {_text(self.said.salt)}, {said})), 1, 16)"

    def _severity(self, policy: Policy) -> str:
        others = {
            environment: severity
            for (environment, which), severity in self.said.severities.items()
            if which == policy.id and environment is not None
        }
        default = _text(self.said.severities.get((None, policy.id), policy.severity))
        if not others:
            return default
        whens = " ".join(f"WHEN {_text(e)} THEN {_text(s)}" for e, s in others.items())
        return f"CASE v.environment {whens} ELSE {default} END"


def key_sql(policy: str, uid: str) -> str:
    """The key of a finding, from SQL for its policy and uid; as `identity.key_of`."""
    return f"substr(sha256({policy} || chr(10) || {uid}), 1, 16)"


_IDENTITY = ", ".join(
    f"v.{name}"
    for name in (
        "uid", "name", "account", "region", "scope_account", "scope_region", "environment"
    )
)  # fmt: skip
_OF_ROW = (
    "v.environment", "v.name", "v.account", "v.region", "v.scope_account", "v.scope_region",
    "r.incarnation", "r.exposed::VARCHAR", "r.privileged::VARCHAR", "to_json(r.tags)::VARCHAR",
)  # fmt: skip
_ROW_MARK = f"md5(CAST(to_json([{', '.join(_OF_ROW)}]) AS VARCHAR))"
_OF_POLICY = (
    "row_mark", "severity", "owner_step", "owner_gap", "sensitivity", "criticality", "owner",
)  # fmt: skip
"""What a finding says of its subject beside the evidence: what its policies share, and the rest."""
_NO_ROW = (
    "NULL::MAP(VARCHAR, VARCHAR) AS tags, NULL::VARCHAR[] AS why, "
    "NULL::TINYINT AS exposed, NULL::TINYINT AS privileged"
)
_NOTHING = (
    "SELECT NULL::VARCHAR AS key, NULL::BIGINT AS spot, FALSE AS fails, "
    "NULL::VARCHAR AS incarnation, "
    "NULL::VARCHAR AS evidence_mark, NULL::VARCHAR AS subject_mark WHERE FALSE"
)
_TODO = """
SELECT n.key, n.spot, CASE
  WHEN n.fails AND k.key IS NULL THEN 'open'
  WHEN n.fails AND k.incarnation <> n.incarnation THEN 'recreate'
  WHEN k.incarnation <> n.incarnation AND NOT k.resolved THEN 'replaced'
  WHEN n.fails AND k.resolved THEN 'reopen'
  WHEN n.fails AND k.unconfirmed THEN 'confirm'
  WHEN n.fails AND (k.evidence_mark <> n.evidence_mark OR k.subject_mark <> n.subject_mark)
    THEN 'change'
  WHEN NOT n.fails AND NOT k.resolved AND NOT k.unconfirmed THEN 'doubt'
  END AS todo
FROM _now n LEFT JOIN _known k ON k.key = n.key"""
_TODO = f"SELECT * FROM ({_TODO}) WHERE todo IS NOT NULL"


def _unread(labels: Sequence[str]) -> str:
    """The labels of evidence whose column is not known in the row."""
    if not labels:
        return "NULL::VARCHAR[]"
    listed = ", ".join(map(_text, labels))
    known = "lambda _l: list_contains(r.why, regexp_extract(_l, '^[^.]+'))"
    return f"CASE WHEN len(r.why) > 0 THEN list_filter([{listed}], {known}) END"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
