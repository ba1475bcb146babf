"""Examples files: what the API answers or the code says, and the rows it must become.

Expected rows are in test notation, with these differences: a missing key, and a missing field of
a struct, is not compared; `_why: {column: cause}` expects an unknown column and its cause.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trueline.catalog.document import DocumentError, List, Map, Node, plain, read_document
from trueline.catalog.files import examples_of
from trueline.catalog.form import Form, Sheet
from trueline.catalog.problems import ContentError
from trueline.catalog.testing import ACCOUNT, OPEN, REGION, RowError, RowReader
from trueline.catalog.values import parse_time
from trueline.errors import Where
from trueline.model import ResourceType, Row, Type

__all__ = [
    "Examples",
    "ExpectedRow",
    "LiveCase",
    "PlanCase",
    "Reply",
    "differences",
    "load_examples",
]

_MARKS = ("_set", "_why")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a call answers: an `answer` as botocore parses it, or an `error` code.

    `args` are the arguments it is given to; None = to any.
    """

    answer: Any = None
    error: str | None = None
    args: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ExpectedRow:
    """The columns a row is compared on, columns known to be set, causes by column."""

    columns: Mapping[str, Any]
    known_set: tuple[str, ...] = ()
    why: Mapping[str, str] = field(default_factory=dict)
    where: Where | None = None


@dataclass(frozen=True, slots=True)
class LiveCase:
    """`answers` by call, written `service.Operation`."""

    name: str
    account: str
    region: str
    answers: Mapping[str, tuple[Reply, ...]]
    rows: tuple[ExpectedRow, ...]
    where: Where


@dataclass(frozen=True, slots=True)
class PlanCase:
    """`terraform` is a whole root module without its provider."""

    name: str
    terraform: str
    rows: tuple[ExpectedRow, ...]
    where: Where


@dataclass(frozen=True, slots=True)
class Examples:
    live: tuple[LiveCase, ...] = ()
    plan: tuple[PlanCase, ...] = ()


def load_examples(rtype_file: Path, rtype: ResourceType) -> Examples:
    """The examples beside a resource file; ContentError lists every problem in them."""
    try:
        document = read_document(examples_of(rtype_file))
    except DocumentError as error:
        raise ContentError([error.problem]) from error
    sheet = Sheet(document)
    form = Form(sheet, document.root, "an examples file", ("live", "plan"))
    live = [_live_case(form, item, rtype) for item in _cases(form, "live")]
    plan = [_plan_case(form, item, rtype) for item in _cases(form, "plan")]
    if sheet.broken:
        raise ContentError([problem for problem in sheet.problems if not problem.warning])
    return Examples(tuple(filter(None, live)), tuple(filter(None, plan)))


def _cases(form: Form, key: str) -> list[Node]:
    node = form.get(key)
    if node is None:
        return []
    if isinstance(node, List):
        return node.items
    form.error("wrong-type", f"{key} of {form.what} is a list of cases", key)
    return []


def _live_case(top: Form, node: Node, rtype: ResourceType) -> LiveCase | None:
    form = top.sub(node, "a case", ("name", "scope", "answers", "rows"))
    if form is None:
        return None
    form.require("name", "answers", "rows")
    scope = form.form("scope", ("account", "region"))
    calls = {call.call for call in rtype.live.calls()} if rtype.live else set()
    answers = {}
    for call, (at, answer) in form.entries("answers").items():
        if call not in calls:
            hint = f"calls: {', '.join(sorted(calls))}"
            form.sheet.error("unknown-name", f"{rtype.table} makes no call {call!r}", at, hint)
        answers[call] = _replies(form, answer)
    is_global = rtype.live is not None and rtype.live.scope == "global"
    return LiveCase(
        name=form.text("name") or "",
        account=(scope.text("account") if scope else None) or ACCOUNT,
        region=(scope.text("region") if scope else None) or ("us-east-1" if is_global else REGION),
        answers=answers,
        rows=_rows(form, rtype),
        where=form.where("name"),
    )


def _plan_case(top: Form, node: Node, rtype: ResourceType) -> PlanCase | None:
    form = top.sub(node, "a case", ("name", "terraform", "rows"))
    if form is None:
        return None
    form.require("name", "terraform", "rows")
    return PlanCase(
        name=form.text("name") or "",
        terraform=form.text("terraform") or "",
        rows=_rows(form, rtype),
        where=form.where("name"),
    )


def _replies(top: Form, node: Node) -> tuple[Reply, ...]:
    """One answer for all arguments, or a list of answers by arguments."""
    if not isinstance(node, List):
        return (_reply(node),)
    out = []
    for item in node.items:
        form = top.sub(item, "an answer", ("args", "answer", "error"))
        if form is None:
            continue
        form.require("args")
        if ("answer" in form) == ("error" in form):
            form.error("missing-key", "an answer has answer or error, not both")
        args = form.value("args")
        out.append(Reply(form.value("answer"), form.text("error"), args))
    return tuple(out)


def _reply(node: Node) -> Reply:
    value = plain(node)
    if isinstance(value, dict) and list(value) == ["error"]:
        return Reply(error=str(value["error"]))
    return Reply(answer=value)


def _rows(form: Form, rtype: ResourceType) -> tuple[ExpectedRow, ...]:
    out = []
    node = form.get("rows")
    for item in node.items if isinstance(node, List) else ():
        if not isinstance(item, Map):
            form.sheet.error("wrong-type", "a row is a mapping of columns", item)
            continue
        where = form.sheet.document.where(item)
        try:
            out.append(_expected(rtype, plain(item), where))
        except RowError as error:
            place = form.sheet.document.along(item, error.path)
            form.sheet.error("example-row", error.message, place, error.hint)
    return tuple(out)


def _expected(rtype: ResourceType, row: Mapping[str, Any], where: Where) -> ExpectedRow:
    reader = RowReader(rtype, where)
    reader.check_names(row, _MARKS)
    why = row.get("_why", {})
    if not isinstance(why, dict):
        raise reader.fail("_why is a mapping of columns to causes", "_why")
    for path in why:
        if str(path).partition(".")[0].removesuffix("[]") not in rtype.columns:
            raise reader.fail(f"{rtype.table} has no column {path!r}", "_why", path)
    columns = {}
    for name in row:
        if name in _MARKS:
            continue
        kind = rtype.column_type(name)
        assert kind is not None
        if name in why:
            raise reader.fail(f"{name} has a value and is named in _why", name)
        _check_partial(reader, kind, row[name], (name,))
        columns[name] = row[name]
    return ExpectedRow(columns, tuple(reader.names(row)), why, where)


def _check_partial(reader: RowReader, kind: Type, value: Any, path: tuple[str | int, ...]) -> None:
    if len(path) == 1:
        reader.cell(kind, str(path[0]), value)
    else:
        reader.value(kind, value, path)


def differences(expected: ExpectedRow, row: Row, rtype: ResourceType) -> list[str]:
    """In what a row is not as expected, one sentence each; empty when it is."""
    out = []
    for name, value in expected.columns.items():
        seen = row[name]
        if value is None:
            if seen is not None or name not in row["_absent"]:
                out.append(f"{name}: expected absent, seen {_state(row, name)}")
            continue
        kind = rtype.column_type(name)
        assert kind is not None
        if seen is None or not _equal(kind, value, seen):
            out.append(f"{name}: expected {value!r}, seen {_state(row, name)}")
    for name in expected.known_set:
        if name not in row["_set"]:
            out.append(f"{name}: expected set to a value not known, seen {_state(row, name)}")
    for path, cause in expected.why.items():
        if row["_why"].get(path) != cause:
            out.append(f"{path}: expected unknown for {cause}, seen {_state(row, path)}")
    return out


def _state(row: Row, path: str) -> str:
    if path in row["_why"]:
        return f"unknown for {row['_why'][path]}"
    if path in row["_absent"]:
        return "absent"
    return repr(row.get(path))


def _equal(kind: Type, expected: Any, seen: Any) -> bool:
    if kind.kind == "list" and kind.item is not None:
        is_open = bool(expected) and expected[-1] == OPEN
        wanted = [*expected[:-1], None] if is_open else expected
        return len(wanted) == len(seen) and all(
            (one is None and other is None)
            or (one is not None and other is not None and _equal(kind.item, one, other))
            for one, other in zip(wanted, seen, strict=True)
        )
    if kind.kind == "struct":
        named = [part for part in kind.fields if part.name in expected]
        return all(
            seen[part.name] is not None and _equal(part.type, expected[part.name], seen[part.name])
            for part in named
        )
    if kind.kind == "time":
        moment = seen if seen.tzinfo else seen.replace(tzinfo=dt.UTC)
        return bool(parse_time(expected) == moment)
    return bool(expected == seen)
