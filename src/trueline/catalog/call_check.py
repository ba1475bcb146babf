"""Calls of resource files against botocore's service models, without any network.

The models say which operations, arguments and members exist; what an API leaves out of an answer
they do not say: that is what examples and recorded answers are for.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import botocore.session

from trueline.catalog.problems import Problem, closest
from trueline.catalog.walk import Items, Members, MissingMemberError, Shape, follow
from trueline.errors import Where
from trueline.model import Call, ResourceType

__all__ = ["Path", "check_calls", "used_members"]

Path = tuple[str, ...]
"""Members from an answer's top; `[]` stands for an element of a list."""


@dataclass
class _Answer:
    """A place in the answer of a call; every member asked of it is noted under the call."""

    model: Any
    path: Path
    noted: set[Path]

    def member(self, name: str) -> Shape | None:
        kind = self.model.type_name
        if kind == "structure" and name in self.model.members:
            return self._step(self.model.members[name], name)
        if kind == "map":
            return self._step(self.model.value, name)
        if kind in ("structure", "list"):
            known = tuple(self.model.members) if kind == "structure" else ()
            raise MissingMemberError(self.model.name, known)
        self.noted.add((*self.path, name))
        return None

    def element(self) -> Shape | None:
        return self._step(self.model.member, "[]") if self.model.type_name == "list" else None

    def _step(self, model: Any, name: str) -> _Answer:
        path = (*self.path, name)
        self.noted.add(path)
        return _Answer(model, path, self.noted)


@dataclass
class _Check:
    """The walk through one resource type: problems found, members used by call."""

    rtype: ResourceType
    problems: list[Problem] = field(default_factory=list)
    used: dict[str, set[Path]] = field(default_factory=dict)

    def error(self, message: str, where: Where | None, hint: str | None = None) -> None:
        place = where or self.rtype.where or Where(self.rtype.table)
        self.problems.append(Problem("api", message, place, hint))

    def follow(
        self, text: str, shape: Shape | None, where: Where | None, what: str
    ) -> Shape | None:
        def tell(name: str, missing: MissingMemberError) -> None:
            hint = closest(name, missing.known) or f"it has: {', '.join(missing.known) or 'none'}"
            self.error(f"{what}: {missing.owner} has no member {name!r}", where, hint)

        return follow(text, shape, tell)

    def call(self, call: Call, document: dict[str, Shape | None]) -> Shape | None:
        """Check one call; returns the shape of the piece it gives."""
        for before in call.first:
            self.call(before, document)
        what = f"{self.rtype.table}, {call.name}"
        model = _operation(call.call)
        if isinstance(model, str):
            self.error(f"{what}: {model}", call.where, _near(call.call))
            return None
        self._arguments(call, model, document, what)
        self._codes(call, model, what)
        noted = self.used.setdefault(call.call, set())
        answer = _Answer(model.output_shape, (), noted) if model.output_shape else None
        if call.until:
            self.follow(call.until, answer, call.where, what)
        expression = call.rows or call.keep
        shape = self.follow(expression, answer, call.where, what) if expression else answer
        if call.key:
            item = shape.element() if shape is not None else None
            self.follow(call.key, item, call.where, what)
            return item
        return Items(shape) if call.each else shape

    def _arguments(
        self, call: Call, model: Any, document: dict[str, Shape | None], what: str
    ) -> None:
        members = model.input_shape.members if model.input_shape else {}
        given = {*call.args, *call.fixed} | ({call.batch_ids} if call.batch_ids else set())
        for name in sorted(given - set(members)):
            hint = closest(name, members) or f"arguments: {', '.join(members)}"
            self.error(f"{what}: {call.call} has no argument {name!r}", call.where, hint)
        required = model.input_shape.required_members if model.input_shape else ()
        for name in sorted(set(required) - given):
            self.error(f"{what}: {call.call} needs the argument {name!r}", call.where)
        scope = dict(document)
        if call.each:
            listed = self.follow(call.each, Members("the document", document), call.where, what)
            scope[call.as_ or ""] = listed.element() if listed is not None else None
        root = Members("the document", scope)
        for value in call.args.values():
            for text in (value,) if isinstance(value, str) else value:
                self.follow(text, root, call.where, what)
        for expression in (call.when, call.match, call.region):
            if expression:
                self.follow(expression, root, call.where, what)

    def _codes(self, call: Call, model: Any, what: str) -> None:
        """Models name few of the codes an API gives; one that nearly matches is a slip."""
        known = {shape.name for shape in model.error_shapes}
        known |= {shape.metadata.get("error", {}).get("code", "") for shape in model.error_shapes}
        for code in sorted({*call.absent, *call.gone} - known):
            if near := difflib.get_close_matches(code, known, 1, 0.85):
                message = f"{what}: {call.call} gives no error {code!r}"
                self.error(message, call.where, f"did you mean {near[0]!r}?")

    def run(self) -> None:
        live = self.rtype.live
        if live is None:
            return
        document: dict[str, Shape | None] = {"scope": None}
        if live.list is not None:
            rows = self.call(live.list, document)
            document[live.list.as_ or ""] = rows.element() if rows is not None else None
        for part in live.parts:
            document[part.name] = self.call(part, document)
        for text in (live.uid, live.region, live.account, live.incarnation):
            if text:
                root = Members("the document", document)
                self.follow(text, root, self.rtype.where, self.rtype.table)
        for name, text in self.rtype.let.get("live", ()):
            root = Members("the document", document)
            document[name] = self.follow(text, root, self.rtype.where, f"let {name}")
        for column in self.rtype.columns.values():
            if "live" in column.mappings:
                root = Members("the document", document)
                text = column.mappings["live"]
                self.follow(text, root, column.where, f"{self.rtype.table}.{column.name}")


def check_calls(rtype: ResourceType) -> list[Problem]:
    """Problems of a type's calls: operations, arguments and members that do not exist."""
    check = _Check(rtype)
    if rtype.provider == "aws":
        check.run()
    return check.problems


def used_members(rtype: ResourceType) -> dict[str, list[Path]]:
    """By call, the members of its answer that the type reads; only the deepest of each branch."""
    check = _Check(rtype)
    if rtype.provider == "aws":
        check.run()
    return {call: sorted(_leaves(paths)) for call, paths in sorted(check.used.items())}


def _leaves(paths: set[Path]) -> Iterator[Path]:
    inner = {path[:length] for path in paths for length in range(len(path))}
    for path in paths - inner:
        yield path[:-1] if path[-1] == "[]" else path


@lru_cache(1)
def _session() -> Any:
    return botocore.session.get_session()


@lru_cache(64)
def _service(name: str) -> Any:
    return _session().get_service_model(name)


def _operation(call: str) -> Any:
    """The model of an operation, or a text that says why there is none."""
    service, _, operation = call.partition(".")
    if service not in _services():
        return f"botocore knows no service {service!r}"
    model = _service(service)
    if operation not in model.operation_names:
        return f"{service} has no operation {operation!r}"
    return model.operation_model(operation)


@lru_cache(1)
def _services() -> tuple[str, ...]:
    return tuple(_session().get_available_services())


def _near(call: str) -> str | None:
    service, _, operation = call.partition(".")
    if service not in _services():
        return closest(service, _services())
    return closest(operation, _service(service).operation_names)
