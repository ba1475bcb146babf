"""Instances of modules: variables, locals, outputs, calls and resources, each evaluated once.

What cannot be known becomes Unknown with its reason: a variable without value, a module that is
not here, a cycle, a name that does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from trueline.iac.terraform.evaluate.expressions import evaluate
from trueline.iac.terraform.evaluate.scope import Step
from trueline.iac.terraform.evaluate.values import OpenObject, Value, unknown_in
from trueline.iac.terraform.functions import call as call_function
from trueline.iac.terraform.source.blocks import SourceBlock
from trueline.iac.terraform.source.files import ModuleFiles
from trueline.iac.terraform.source.repeats import Group, Names, condition, times
from trueline.iac.terraform.source.text import Declared, ModuleText
from trueline.iac.terraform.source.variables import UNSAID, variable_value
from trueline.iac.terraform.source.world import MOST_MODULES, World
from trueline.iac.terraform.syntax.nodes import Span
from trueline.mapping import Unknown, is_unknown

__all__ = ["Call", "Local", "Module"]


class Local:
    """A place in a module where expressions stand: a `Scope`, with the names of its block."""

    __slots__ = ("file", "module", "names")

    def __init__(self, module: Module, file: str, names: Names | None = None) -> None:
        self.module, self.file, self.names = module, file, names or {}

    def resolve(self, root: str, steps: tuple[Step, ...], span: Span) -> tuple[Value, int]:
        if root in self.names:
            return self.names[root], 0
        return self.module.resolve(root, steps)

    def call(self, name: str, args: list[Value]) -> Value:
        return call_function(name, args, self.module.files)

    def complain(self, message: str, span: Span) -> None:
        self.module.world.complaints.append((self.file, span.line, message))

    def at(self, file: str) -> Local:
        """The same names in another file of the module."""
        return self if file == self.file else Local(self.module, file, self.names)

    def inside(self, names: Names) -> Local:
        """The same place with more names."""
        return Local(self.module, self.file, {**self.names, **names})


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A call of a module. `reason` says why its text is not here; None when it is."""

    name: str
    declared: Declared
    path: str
    group: Group[Module]
    text: ModuleText | None
    reason: Unknown | None


@dataclass(slots=True, eq=False)
class Module:
    """One instance of a module; `path` is its address, empty for a root module.

    `place` is where its arguments stand, in the module that calls it.
    """

    world: World
    text: ModuleText
    path: str = ""
    call: Declared | None = None
    place: Local | None = None
    _known: dict[tuple[str, str], Value] = field(default_factory=dict)
    _calls: dict[str, Call] = field(default_factory=dict)
    _groups: dict[str, Group[SourceBlock]] = field(default_factory=dict)
    _files: ModuleFiles | None = None

    @property
    def parent(self) -> Module | None:
        return self.place.module if self.place else None

    @property
    def files(self) -> ModuleFiles:
        """What functions ask of this module."""
        if self._files is None:
            world = self.world
            self._files = ModuleFiles(world.texts.tree, world.top, world.folder, self.text.folder)
        return self._files

    def address(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def resolve(self, root: str, steps: tuple[Step, ...]) -> tuple[Value, int]:
        """The value of a reference, and how many of its steps were used."""
        first = steps[0] if steps else None
        if not isinstance(first, str):
            return Unknown(f"unresolved:{root}"), 0
        if root in ("var", "local"):
            return (self.variable(first) if root == "var" else self.local(first)), 1
        if root == "module":
            return self._module(first, steps)
        if root == "path":
            return self.files.path(first), 1
        if root in ("terraform", "tofu"):
            known = first == "workspace"
            return ("default" if known else Unknown(f"unresolved:{root}.{first}")), 1
        if root in ("each", "count", "self"):
            return Unknown(f"unresolved:{root}.{first}"), 1
        if root == "resource":
            value, used = self.resolve(first, steps[1:])
            return value, used + 1
        if root == "data":
            second = steps[1] if len(steps) > 1 else None
            if not isinstance(second, str):
                return Unknown(f"unresolved:data.{first}"), 1
            return self._resource(f"data.{first}.{second}", steps, 2)
        return self._resource(f"{root}.{first}", steps, 1)

    def missing(self, name: str) -> Unknown:
        """What a name is worth that is declared nowhere: a file that was not read may say it."""
        lost = self.text.lost
        return Unknown(lost.cause if lost else f"unresolved:{self.address(name)}")

    def _once(self, kind: str, name: str, make: Callable[[], Value]) -> Value:
        """A value made once, though many ask for it, and never from itself."""
        key = (kind, name)
        if key in self._known:
            return self._known[key]
        with self.world.hop(self, key) as cause:
            value = make() if cause is None else Unknown(f"unresolved:{kind}.{name} ({cause})")
        self._known[key] = value
        return value

    def local(self, name: str) -> Value:
        """The value of `local.name`."""
        said = self.text.locals.get(name)
        if said is None:
            return self.missing(f"local.{name}")
        attribute, file = said
        return self._once("local", name, lambda: evaluate(attribute.expr, Local(self, file)))

    def variable(self, name: str) -> Value:
        """The value of `var.name`: what the caller gives, else its default."""
        declared = self.text.variables.get(name)
        if declared is None:
            return self.missing(f"var.{name}")
        return self._once("var", name, lambda: self._variable(name, declared))

    def _variable(self, name: str, declared: Declared) -> Value:
        if self.call is None or self.place is None:
            given = self.world.inputs.get(name, UNSAID)
        else:
            argument = self.call.body.attributes.get(name)
            file = self.call.file_of(name)
            given = evaluate(argument.expr, self.place.at(file)) if argument else UNSAID
        place = Local(self, declared.file)
        return variable_value(declared, given, place, self.address(f"var.{name}"))

    def output(self, name: str) -> Value:
        """The value of an output, seen from the caller."""
        declared = self.text.outputs.get(name)
        said = declared.body.attributes.get("value") if declared else None
        if declared is None or said is None:
            return self.missing(f"output.{name}")
        place = Local(self, declared.file_of("value"))
        return self._once("output", name, lambda: evaluate(said.expr, place))

    def _module(self, name: str, steps: tuple[Step, ...]) -> tuple[Value, int]:
        call = self.called(name)
        if call is None:
            return self.missing(f"module.{name}"), 1
        if call.reason is not None:
            return call.reason, 1
        found, single, used = call.group.pick(steps[1:], call.path)
        if single:
            after = steps[1 + used] if len(steps) > 1 + used else None
            if isinstance(after, str):
                return found.output(after), 2 + used
            return _outside(found), 1 + used
        if call.group.kind == "doubt":
            return self._doubted_output(call, steps)
        if is_unknown(found):
            return Unknown(found.cause), 1 + used
        return _mapped(found, _outside), 1 + used

    def _doubted_output(self, call: Call, steps: tuple[Step, ...]) -> tuple[Value, int]:
        """An output of a module that may not exist: never known, but where it comes from is."""
        assert call.group.doubt is not None
        cause = call.group.doubt.cause
        module = next(iter(call.group.members.values()))
        for position, step in enumerate(steps[1:3], 1):
            if isinstance(step, str):
                inside = unknown_in(module.output(step))
                return Unknown(cause, refs=() if inside is None else inside.refs), position + 1
        return Unknown(cause), 1

    def called(self, name: str) -> Call | None:
        """The call of a module, its text found and its instances made."""
        declared = self.text.calls.get(name)
        if declared is None:
            return None
        if name not in self._calls:
            self._calls[name] = self._call(name, declared)
        return self._calls[name]

    def _call(self, name: str, declared: Declared) -> Call:
        path = self.address(f"module.{name}")
        folder, reason = self.world.source_of(self, name, declared)
        text = None if folder is None else self.world.texts.of(folder)
        with self.world.hop(self, ("call", name)) as cause:
            if cause is None:
                kind, found, doubt = times(declared, Local(self, declared.file))
            else:
                kind, found, doubt = "doubt", [], Unknown(f"unresolved:{path} ({cause})")
        if text is not None and not self.world.admit(len(found)):
            reason = self.world.refuse(path, declared, f"stopped after {MOST_MODULES} modules")
            text = None
        if text is None:
            return Call(name, declared, path, Group("doubt", {}, doubt), None, reason)
        members = {
            one.value: Module(
                self.world,
                text,
                path + one.key,
                declared,
                Local(self, declared.file, one.names),
            )
            for one in found
        }
        return Call(name, declared, path, Group(kind, members, doubt), text, reason)

    def _resource(self, name: str, steps: tuple[Step, ...], at: int) -> tuple[Value, int]:
        group = self.group(name)
        if group is None:
            return self.missing(name), at
        found, single, used = group.pick(steps[at:], self.address(name))
        if single:
            return found.seen(), at + used
        if is_unknown(found):
            refs = tuple(one.address for one in group.members.values())
            return Unknown(found.cause, refs=refs), at + used
        return _mapped(found, SourceBlock.seen), at + used

    def group(self, name: str) -> Group[SourceBlock] | None:
        """The instances of a resource or data source, by `type.name` or `data.type.name`."""
        declared = self.text.resources.get(name)
        if declared is None:
            return None
        if name not in self._groups:
            self._groups[name] = self._expanded(name, declared)
        return self._groups[name]

    def _expanded(self, name: str, declared: Declared) -> Group[SourceBlock]:
        with self.world.hop(self, ("group", name)) as cause:
            if cause is not None:
                return Group("doubt", {}, Unknown(f"unresolved:{self.address(name)} ({cause})"))
            kind, found, doubt = times(declared, Local(self, declared.file))
        members = {
            one.value: SourceBlock(
                address=self.address(name) + one.key,
                name=name,
                declared=declared,
                place=Local(self, declared.file, one.names),
            )
            for one in found
        }
        return Group(kind, members, doubt)

    def calls(self) -> Iterator[Declared]:
        """The calls that lead to this instance, the innermost first."""
        module: Module | None = self
        while module is not None and module.call is not None:
            yield module.call
            module = module.parent

    def doubts(self) -> dict[tuple[str, str], str]:
        """Why this instance may not exist: as of a block, by condition."""
        parent = self.parent
        if parent is None or self.call is None:
            return {}
        found = parent.doubts()
        call = parent.called(self.call.block.labels[0])
        if call is not None and call.group.doubt is not None:
            found[parent.path, condition(self.call)] = call.group.doubt.cause
        return found

    def walk(self) -> Iterator[Module]:
        """This instance and all below it."""
        yield self
        for name in self.text.calls:
            call = self.called(name)
            for module in call.group.members.values() if call else ():
                yield from module.walk()

    def at(self, file: str) -> Local:
        """A place in one of the module's files, outside any repetition."""
        return Local(self, file)


def _outside(module: Module) -> Value:
    """A module as its caller sees it; of one that is not seen whole, outputs may be missing."""
    if module.text.lost is not None:
        return OpenObject(Unknown(module.text.lost.cause, present=True), module.output)
    return {name: module.output(name) for name in module.text.outputs}


def _mapped(value: Value, make: Callable[[Any], Value]) -> Value:
    if isinstance(value, dict):
        return {key: make(inner) for key, inner in value.items()}
    return [make(inner) for inner in value]
