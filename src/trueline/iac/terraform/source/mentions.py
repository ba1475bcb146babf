"""Which blocks an expression mentions, through locals, variables and outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trueline.iac.terraform.syntax import Expression, expression_names

if TYPE_CHECKING:
    from trueline.iac.terraform.source.blocks import SourceBlock
    from trueline.iac.terraform.source.modules import Module

__all__ = ["Mentions"]

Found = dict[str, "SourceBlock"]
Names = tuple[str, ...]


class Mentions:
    """Answers are kept: each local, variable and output of an instance is followed once."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str, Names], Found] = {}

    def of(self, module: Module, expr: Expression) -> Found:
        """The instances of every block that an expression may read, by address."""
        found: Found = {}
        for root, names in expression_names(expr):
            key = (id(module), root, names[:2])
            if key not in self._known:
                self._known[key] = {}  # what leads back here adds nothing
                self._known[key] = self._follow(module, root, names)
            found |= self._known[key]
        return found

    def _follow(self, module: Module, root: str, names: Names) -> Found:
        first = names[0] if names else ""
        if root == "local":
            said = module.text.locals.get(first)
            return self.of(module, said[0].expr) if said else {}
        if root == "var":
            argument = module.call.body.attributes.get(first) if module.call else None
            return self.of(module.parent, argument.expr) if argument and module.parent else {}
        if root == "module":
            call = module.called(first)
            return {
                address: block
                for inner in (call.group.members.values() if call else ())
                for name, output in inner.text.outputs.items()
                if name in names[1:2] or len(names) < 2
                if "value" in output.body.attributes
                for address, block in self.of(inner, output.body.attributes["value"].expr).items()
            }
        name = f"data.{'.'.join(names[:2])}" if root == "data" else f"{root}.{first}"
        group = module.group(name)
        return {b.address: b for b in group.members.values()} if group else {}
