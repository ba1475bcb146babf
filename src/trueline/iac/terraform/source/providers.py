"""Which provider configuration a block uses, and what it says: region, account, default tags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueline.iac.terraform.evaluate.values import Value, plain
from trueline.iac.terraform.provider_facts import arn_account, is_account, is_region
from trueline.iac.terraform.source.bodies import MISSING, written
from trueline.iac.terraform.syntax.nodes import Expression, GetAttr, Literal, Name, ObjectExpr
from trueline.mapping import Unknown, is_unknown

if TYPE_CHECKING:
    from trueline.iac.terraform.source.modules import Module
    from trueline.iac.terraform.source.text import Declared

__all__ = ["Provider", "Providers"]


@dataclass(frozen=True, slots=True)
class Provider:
    """A configuration: `key` names it; region and account are None where it does not tell."""

    key: str
    region: str | None = None
    account: str | None = None
    default_tags: Value = None


class Providers:
    """The provider configurations of a root module, each evaluated once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Provider] = {}

    def of(self, module: Module, declared: Declared) -> Provider:
        """The configuration that a resource or data source uses."""
        said = declared.body.attributes.get("provider")
        name = _reference(said.expr) if said else None
        return self.named(module, name or declared.block.labels[0].partition("_")[0])

    def named(self, module: Module, name: str) -> Provider:
        """The configuration that a module knows by a name, `aws` or `aws.west`."""
        key = (module.path, name)
        if key not in self._known:
            self._known[key] = self._find(module, name)
        return self._known[key]

    def _find(self, module: Module, name: str) -> Provider:
        declared = module.text.providers.get(name)
        if declared is not None:
            return _configured(module, name, declared)
        parent = module.parent
        if parent is None or module.call is None:
            return Provider(name)
        passed = module.call.body.attributes.get("providers")
        given = passed.expr if passed else None
        if isinstance(given, ObjectExpr):
            for key, value in given.items:
                if _reference(key) == name:
                    return self.named(parent, _reference(value) or name)
        return Provider(module.address(name)) if "." in name else self.named(parent, name)


def _reference(expr: Expression) -> str | None:
    """`aws` or `aws.west`, written bare or as text."""
    if isinstance(expr, Literal):
        return expr.value if isinstance(expr.value, str) else None
    if isinstance(expr, Name):
        return expr.root
    if isinstance(expr, GetAttr) and isinstance(expr.object, Name):
        return f"{expr.object.root}.{expr.name}"
    return None


def _configured(module: Module, name: str, declared: Declared) -> Provider:
    place = module.at(declared.file)

    def said(label: str) -> Value:
        value = written(declared.body, label, place)
        return None if value is MISSING else plain(value)

    region = said("region")
    return Provider(
        key=module.address(name),
        region=region if is_region(region) else None,
        account=_account(said("allowed_account_ids"), said("assume_role")),
        default_tags=_tags(said("default_tags"), name),
    )


def _account(allowed: Value, roles: Value) -> str | None:
    """The one account that a configuration can work in."""
    found = set()
    for role in roles if isinstance(roles, list) else [roles]:
        if isinstance(role, dict):
            found.add(arn_account(role.get("role_arn")))
    if isinstance(allowed, list) and len(allowed) == 1:
        found.add(str(allowed[0]))
    accounts = {a for a in found if is_account(a)}
    return accounts.pop() if len(accounts) == 1 else None


def _tags(blocks: Value, name: str) -> Value:
    if blocks is None or is_unknown(blocks):
        return blocks
    first = blocks[0] if isinstance(blocks, list) and blocks else blocks
    tags = first.get("tags") if isinstance(first, dict) else first
    if tags is None or isinstance(tags, dict) or is_unknown(tags):
        return tags
    return Unknown(f"unresolved:provider.{name}.default_tags")
