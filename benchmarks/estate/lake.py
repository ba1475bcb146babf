"""Writes an estate of any size into a lake: segments as a scan leaves them, and their manifest.

Own columns are drawn from samples, identities and references are counted, so that a million rows
take seconds and memory is bounded by one batch. One denied detail call in a hundred leaves columns
unknown.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.estate.samples import DENIED, NOW, sampled
from trueline.lake import Lake
from trueline.lake.files import write_json
from trueline.lake.manifest import Manifest, ScopeEntry, Segment, render
from trueline.lake.schema import arrow_schema, mapping_hashes, record_batches
from trueline.mapping import finish_row
from trueline.model import ResourceType, ScanInfo, Scope, ScopeState

__all__ = ["POLICIES", "TYPES", "build_lake", "change_lake"]

TYPES = {
    "aws_ebs_volume": 220,
    "aws_ec2_instance": 200,
    "aws_ec2_security_group": 160,
    "aws_ebs_snapshot": 120,
    "aws_s3_bucket": 70,
    "aws_sqs_queue": 60,
    "aws_iam_role": 50,
    "aws_lambda_function": 40,
    "aws_iam_policy": 25,
    "aws_rds_instance": 20,
    "aws_kms_key": 20,
    "aws_vpc": 10,
    "aws_flow_log": 5,
}
"""How many of a thousand resources are of each type."""

POLICIES = (
    "aws-ebs-snapshot-public",
    "aws-ebs-snapshot-unencrypted",
    "aws-ebs-volume-unencrypted",
    "aws-ec2-default-security-group-allows-traffic",
    "aws-ec2-instance-imdsv1-allowed",
    "aws-ec2-instance-needless-public-address",
    "aws-ec2-instance-remote-login-exposed",
    "aws-ec2-instance-running-too-long",
    "aws-ec2-instance-secret-in-user-data",
    "aws-ec2-instance-type-not-approved",
    "aws-ec2-instance-without-profile",
    "aws-ec2-security-group-all-ports-open-to-internet",
    "aws-ec2-security-group-database-open-to-internet",
    "aws-ec2-security-group-huge-public-range",
    "aws-ec2-security-group-rdp-open-to-internet",
    "aws-ec2-security-group-ssh-open-to-internet",
    "aws-ec2-security-group-unrestricted-egress",
    "aws-flow-log-delivery-failing",
    "aws-iam-policy-allows-all-but-some",
    "aws-iam-policy-allows-everything",
    "aws-iam-policy-grants-privileges",
    "aws-iam-role-admin-without-boundary",
    "aws-iam-role-open-to-anyone",
    "aws-iam-role-trusts-foreign-account",
    "aws-kms-key-awaiting-deletion",
    "aws-kms-key-not-rotated",
    "aws-kms-key-open-to-anyone",
    "aws-lambda-function-deprecated-runtime",
    "aws-lambda-function-open-to-anyone",
    "aws-lambda-function-secret-in-environment",
    "aws-lambda-function-url-without-sign-in",
    "aws-rds-instance-backups-too-short",
    "aws-rds-instance-deletion-unprotected",
    "aws-rds-instance-minor-upgrades-off",
    "aws-rds-instance-open-to-internet",
    "aws-rds-instance-public-address",
    "aws-rds-instance-unencrypted",
    "aws-s3-bucket-encrypted-without-kms",
    "aws-s3-bucket-key-unusable",
    "aws-s3-bucket-reachable-without-tls",
    "aws-s3-bucket-without-access-logging",
    "aws-s3-bucket-without-versioning",
    "aws-sqs-queue-key-unusable",
    "aws-sqs-queue-open-to-everyone",
    "aws-sqs-queue-unencrypted",
    "aws-vpc-without-flow-log",
)
"""The policies that are judged: fixed, so that figures of different days can be compared."""

_REGIONS = ("eu-central-1", "eu-west-1", "us-east-1", "us-west-2")
_PER_ACCOUNT = 10_000
_SAMPLES = 1_000
_OWNERS = 20
_BATCH = 20_000
_DENIED_SHARE = 0.01
_KEY_SHARE = 0.6

_IDS = {
    "aws_ebs_snapshot": ("snapshot_id", "snap-{:017x}"),
    "aws_ebs_volume": ("volume_id", "vol-{:017x}"),
    "aws_ec2_instance": ("instance_id", "i-{:017x}"),
    "aws_ec2_security_group": ("group_id", "sg-{:017x}"),
    "aws_flow_log": ("flow_log_id", "fl-{:017x}"),
    "aws_kms_key": ("key_id", "{:036x}"),
    "aws_s3_bucket": ("name", "bucket-{:017x}"),
    "aws_vpc": ("vpc_id", "vpc-{:017x}"),
}
"""The column that holds a type's own id, and its form."""

_POINTS_TO: dict[str, dict[str, tuple[str, int]]] = {
    "aws_ebs_snapshot": {"kms_key_id": ("aws_kms_key", 0)},
    "aws_ebs_volume": {"kms_key_id": ("aws_kms_key", 0)},
    "aws_ec2_instance": {"security_group_ids": ("aws_ec2_security_group", 2)},
    "aws_ec2_security_group": {"vpc_id": ("aws_vpc", 0)},
    "aws_flow_log": {"resource_id": ("aws_vpc", 0)},
    "aws_iam_role": {"customer_policy_arns": ("aws_iam_policy", 2)},
    "aws_lambda_function": {
        "kms_key_id": ("aws_kms_key", 0),
        "security_group_ids": ("aws_ec2_security_group", 1),
    },
    "aws_rds_instance": {
        "kms_key_id": ("aws_kms_key", 0),
        "security_group_ids": ("aws_ec2_security_group", 2),
    },
    "aws_s3_bucket": {"kms_key_id": ("aws_kms_key", 0)},
    "aws_sqs_queue": {"kms_key_id": ("aws_kms_key", 0)},
}
"""Columns that refer to rows of the same account: target, and how many (0 = not a list)."""


def build_lake(home: Path, types: Mapping[str, ResourceType], resources: int) -> int:
    """Write an estate of about this many resources as snapshot 1; say how many there are.

    `types` are those of `TYPES`.
    """
    lake = Lake(home)
    segments, scopes = _written(lake, types, resources, NOW, 0.0)
    scan = ScanInfo("benchmark", NOW, NOW, "0", ("live",))
    made = Manifest(lake.id, 1, NOW, scan, "", segments, scopes, {}, {}, None)
    write_json(lake.manifest_path(1), render(made))
    return sum(s.rows for s in segments.values())


def change_lake(
    home: Path, types: Mapping[str, ResourceType], resources: int, share: float
) -> None:
    """Write the same estate as it is read a day later, as the next snapshot.

    `share` of the resources are otherwise or have made way for new ones; one scope of
    instances cannot be read and keeps its rows.
    """
    lake = Lake(home)
    before = lake.snapshot()
    assert before is not None
    now = NOW + dt.timedelta(days=1)
    segments, scopes = _written(lake, types, resources, now, share)
    lost = next(s for s in scopes if s.type == "aws_ec2_instance" and s.region == _REGIONS[0])
    old = before.manifest.scopes[lost]
    state = replace(old.state, complete=False, cause="denied", stale_since=now)
    scopes[lost] = replace(old, state=state, attempted_at=now)
    made = replace(
        before.manifest,
        number=before.number + 1,
        created_at=now,
        segments=dict(before.manifest.segments) | segments,
        scopes=scopes,
    )
    write_json(lake.manifest_path(made.number), render(made))


def _written(
    lake: Lake,
    types: Mapping[str, ResourceType],
    resources: int,
    now: dt.datetime,
    changed: float,
) -> tuple[dict[str, Segment], dict[Scope, ScopeEntry]]:
    """Write the rows of an estate: the segments, and the scopes that were read whole."""
    accounts = [f"{i + 1:012d}" for i in range(max(1, resources // _PER_ACCOUNT))]
    segments: dict[str, Segment] = {}
    scopes: dict[Scope, ScopeEntry] = {}
    plans = {t: _planned(types[t], accounts, resources * n // 1000) for t, n in TYPES.items()}
    sizes = {place.scope: place.rows for plan in plans.values() for place in plan}
    for table, plan in plans.items():
        rtype = types[table]
        batches = _Writer(rtype, plan, sizes, Random(table), changed).batches()
        segment = lake.segments.write(table, arrow_schema(rtype), batches, mapping_hashes(rtype))
        segments[segment.id] = segment
        for place in plan:
            state = ScopeState(place.scope, True, now)
            scopes[place.scope] = ScopeEntry(state, now, segment.id, place.rows, read=True)
    return segments, scopes


@dataclass(frozen=True, slots=True)
class _Place:
    """The rows of one scope: their count, and the number of the first of them in its account."""

    scope: Scope
    rows: int


def _planned(rtype: ResourceType, accounts: list[str], rows: int) -> list[_Place]:
    assert rtype.live is not None
    regions = ("global",) if rtype.live.scope == "global" else _REGIONS
    places = [(account, region) for account in accounts for region in regions]
    each, more = divmod(rows, len(places))
    return [
        _Place(Scope("aws", account, region, rtype.table), max(1, each + (i < more)))
        for i, (account, region) in enumerate(places)
    ]


class _Writer:
    """Makes the batches of one type; `sizes` = how many rows every scope of the estate has.

    `changed` is the share of rows that differ from those made without it.
    """

    def __init__(
        self,
        rtype: ResourceType,
        plan: list[_Place],
        sizes: Mapping[Scope, int],
        random: Random,
        changed: float,
    ) -> None:
        self._rtype, self._plan, self._sizes, self._random = rtype, plan, sizes, random
        self._changed, self._dice = changed, Random(rtype.table)
        self._id, self._form = _IDS.get(rtype.table, ("", "{:017x}"))
        self._pool = pa.Table.from_batches(
            record_batches(
                rtype,
                [
                    self._sample(values, _tags(i, random))
                    for i, values in enumerate(sampled(rtype.table, _SAMPLES, random))
                ],
            )
        ).combine_chunks()

    def _sample(self, values: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
        """A whole row of these values; ids, and references that are there, are laid over it."""
        rtype, random = self._rtype, self._random
        columns: dict[str, Any] = {n: values.get(n) for n in rtype.columns}
        for name, (_, many) in _POINTS_TO.get(rtype.table, {}).items():
            there = not rtype.columns[name].type.optional or random.random() < _KEY_SHARE
            columns[name] = [] if many else "" if there else None
        if self._id:
            columns[self._id] = ""
        columns["tags"] = tags
        lost = DENIED.get(rtype.table, ()) if random.random() < _DENIED_SHARE else ()
        columns.update(dict.fromkeys(lost))
        optional = [n for n, c in rtype.columns.items() if c.type.optional and n not in lost]
        columns["_absent"] = [n for n in optional if columns[n] is None]
        columns["_set"], columns["_defaulted"], columns["_refs"] = [], [], {}
        columns["_why"] = dict.fromkeys(lost, "denied")
        return finish_row(
            columns, rtype, uid="", plane="live", account="", region="", scope_account="",
            scope_region="", config="{}", collected_at=NOW, seen_from=("eu-west-1",),
        )  # fmt: skip

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Rows of all scopes in order, joined to batches of a size worth its overhead."""
        held: list[pa.Table] = []
        for place in self._plan:
            held.append(self._rows(place))
            if sum(t.num_rows for t in held) >= _BATCH:
                yield from pa.concat_tables(held).combine_chunks().to_batches()
                held = []
        if held:
            yield from pa.concat_tables(held).combine_chunks().to_batches()

    def _rows(self, place: _Place) -> pa.Table:
        scope, count = place.scope, place.rows
        places = [self._random.randrange(_SAMPLES) for _ in range(count)]
        numbers = list(range(count))
        self._change(places, numbers)
        drawn = self._pool.take(pa.array(places))
        ids = [self._form.format(i) for i in numbers]
        new: dict[str, list[Any]] = {
            "uid": [_arn(scope, i) for i in ids],
            "account": [scope.account] * count,
            "region": [scope.region] * count,
            "scope_account": [scope.account] * count,
            "scope_region": [scope.region] * count,
        }
        if self._id:
            new[self._id] = ids
        for name, (target, many) in _POINTS_TO.get(scope.type, {}).items():
            new[name] = self._references(scope, count, target, many)
        for name, values in new.items():
            at = drawn.schema.get_field_index(name)
            field = drawn.schema.field(at)
            array = pa.array(values, field.type)
            if name in _POINTS_TO.get(scope.type, {}):
                array = pc.if_else(
                    drawn.column(at).combine_chunks().is_valid(), array, pa.scalar(None, field.type)
                )
            drawn = drawn.set_column(at, field, array)
        return drawn

    def _change(self, places: list[int], numbers: list[int]) -> None:
        """Give some rows other values, and let others make way for new ones, half and half."""
        for i in range(len(places)):
            if self._dice.random() < self._changed:
                places[i] = self._dice.randrange(_SAMPLES)
                if self._dice.random() < 0.5:
                    numbers[i] += len(places)

    def _references(self, scope: Scope, count: int, target: str, many: int) -> list[Any]:
        """References of a scope's rows to rows of the target that stand in the same place."""
        there = next(
            s
            for region in (scope.region, "global", _REGIONS[0])
            if (s := Scope("aws", scope.account, region, target)) in self._sizes
        )
        column, form = _IDS.get(target, ("", "{:017x}"))
        by_id = column not in ("", "key_id")
        size, draw = self._sizes[there], self._random.randrange
        names = [form.format(i) if by_id else _arn(there, form.format(i)) for i in range(size)]
        if not many:
            return [names[draw(size)] for _ in range(count)]
        return [list({names[draw(size)] for _ in range(1 + draw(many))}) for _ in range(count)]


def _arn(scope: Scope, name: str) -> str:
    service, _, kind = scope.type.removeprefix("aws_").partition("_")
    region = "" if scope.region == "global" else scope.region
    return f"arn:aws:{service}:{region}:{scope.account}:{kind}/{name}"


def _tags(sample: int, random: Random) -> dict[str, str]:
    """An owner, an environment, and once in all samples a tag that nothing else has."""
    rare = {} if sample else {"audit": "yes"}
    return {"env": random.choice(("prod", "dev")), "owner": f"team-{sample % _OWNERS}", **rare}
