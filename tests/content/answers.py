"""Examples as what botocore answers: the real collector asks, nothing leaves the process."""

from __future__ import annotations

import copy
import datetime as dt
import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import botocore.handlers
import botocore.session

from trueline.catalog.examples import LiveCase, Reply
from trueline.collect.aws import AwsRequest, collect
from trueline.model import CoverageRow, ResourceType, Row, Scope, ScopeState

__all__ = ["Collected", "collect_case", "occurs", "operation_model", "shaped"]

_REGIONS = "ec2.DescribeRegions"
_REGIONS_TOO = "account.ListRegions"
_IDENTITY = "sts.GetCallerIdentity"
_session = botocore.session.get_session()


class Collected:
    """A sink that keeps what it is given."""

    def __init__(self) -> None:
        self.kept: list[Row] = []
        self.states: dict[Scope, ScopeState] = {}
        self.coverage: list[CoverageRow] = []
        self._lock = threading.Lock()

    def is_done(self, scope: Scope) -> bool:
        return False

    def rows(self, scope: Scope, rows: Sequence[Row]) -> None:
        with self._lock:
            self.kept.extend(rows)

    def done(self, state: ScopeState, coverage: Sequence[CoverageRow]) -> None:
        with self._lock:
            self.states[state.scope] = state
            self.coverage.extend(coverage)


class _Answers:
    """Handlers of botocore's events: note a call's arguments, then answer it."""

    def __init__(self, case: LiveCase) -> None:
        self.case = case
        self.asked: set[str] = set()
        self.unanswered: set[str] = set()

    def note(self, params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["example_args"] = copy.deepcopy(dict(params))

    def answer(self, model: Any, context: Mapping[str, Any], **_: Any) -> tuple[Any, Any]:
        call = f"{model.service_model.service_name}.{model.name}"
        args = context["example_args"]
        reply = self._reply(call, args)
        if reply is None:
            self.unanswered.add(f"{call} {args}")
            reply = Reply(error="NoExampleAnswersThis")
        if reply.error is not None:
            status = 403 if "Denied" in reply.error or "Unauthorized" in reply.error else 400
            error = {"Error": {"Code": reply.error, "Message": "as the example says"}}
            return SimpleNamespace(status_code=status), {**error, "ResponseMetadata": {}}
        parsed = shaped(reply.answer, model.output_shape, call)
        # Without raw bytes, botocore's handlers leave the parsed answer alone.
        response = SimpleNamespace(status_code=200, raw=None)
        return response, {**parsed, "ResponseMetadata": {}}

    def _reply(self, call: str, args: Mapping[str, Any]) -> Reply | None:
        self.asked.add(call)
        fitting = [
            reply
            for reply in self.case.answers.get(call, ())
            if all(args.get(name) == value for name, value in (reply.args or {}).items())
        ]
        if fitting:
            return max(fitting, key=lambda reply: len(reply.args or {}))
        if call == _IDENTITY:
            arn = f"arn:aws:iam::{self.case.account}:user/scanner"
            return Reply({"Account": self.case.account, "Arn": arn, "UserId": "AIDAEXAMPLE"})
        if call == _REGIONS:
            region = {"RegionName": self.case.region, "OptInStatus": "opt-in-not-required"}
            return Reply({"Regions": [region]})
        if call == _REGIONS_TOO:
            return Reply(
                {"Regions": [{"RegionName": self.case.region, "RegionOptStatus": "ENABLED"}]}
            )
        return None


def collect_case(case: LiveCase, rtype: ResourceType) -> Collected:
    """Collect the case's scope with its answers; AssertionError where they do not fit the calls."""
    answers, sink = _Answers(case), Collected()
    with _registered(answers):
        collect(AwsRequest(regions=(case.region,)), {rtype.table: rtype}, sink)
    assert not answers.unanswered, f"{case.where}: no answer for {sorted(answers.unanswered)}"
    failed = any(reply.error for replies in case.answers.values() for reply in replies)
    unasked = set(case.answers) - answers.asked
    assert failed or not unasked, f"{case.where}: nothing asks for {sorted(unasked)}"
    return sink


@contextmanager
def _registered(answers: _Answers) -> Iterator[None]:
    """Sessions made inside ask the answers."""
    added = [("provide-client-params", answers.note), ("before-call", answers.answer)]
    botocore.handlers.BUILTIN_HANDLERS.extend(added)
    try:
        yield
    finally:
        for handler in added:
            botocore.handlers.BUILTIN_HANDLERS.remove(handler)


def operation_model(call: str) -> Any:
    service, _, operation = call.partition(".")
    return _session.get_service_model(service).operation_model(operation)


def shaped(value: Any, shape: Any, path: str) -> Any:
    """A value of an examples file as botocore would have parsed it.

    Times and bytes, which YAML cannot say, are made of texts. AssertionError where the API has no
    such member, or it is of another type.
    """
    kind = shape.type_name
    if kind == "structure":
        assert isinstance(value, dict), f"{path} is a structure, seen {value!r}"
        unknown = set(value) - set(shape.members)
        assert not unknown, f"{path} has no member {sorted(unknown)}"
        return {k: shaped(v, shape.members[k], f"{path}.{k}") for k, v in value.items()}
    if kind == "list":
        assert isinstance(value, list), f"{path} is a list, seen {value!r}"
        return [shaped(item, shape.member, f"{path}[]") for item in value]
    if kind == "map":
        assert isinstance(value, dict), f"{path} is a map, seen {value!r}"
        return {k: shaped(v, shape.value, f"{path}.{k}") for k, v in value.items()}
    if kind == "timestamp":
        return dt.datetime.fromisoformat(value).astimezone(dt.UTC)
    if kind == "blob":
        return value.encode()
    if kind == "string" and shape.name == "policyDocumentType" and isinstance(value, dict):
        return json.dumps(value)
    expected = {"string": str, "boolean": bool, "float": float, "double": float}.get(kind, int)
    assert isinstance(value, expected), f"{path} is a {kind}, seen {value!r}"
    assert kind == "boolean" or not isinstance(value, bool), f"{path} is a {kind}, seen {value!r}"
    return value


def occurs(path: Sequence[str], answers: Iterable[Any]) -> bool:
    """Does some answer hold something at the path?"""
    found = list(answers)
    for name in path:
        if name == "[]":
            found = [item for value in found if isinstance(value, list) for item in value]
        else:
            found = [value[name] for value in found if isinstance(value, dict) and name in value]
    return any(value is not None for value in found)
