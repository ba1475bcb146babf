"""What a plan may hide: resources that it does not show, and blocks that may repeat unseen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from trueline.iac.terraform.addresses import split_module, without_keys
from trueline.iac.terraform.blocks import Block, Module, as_list, as_map
from trueline.iac.terraform.masks import marks

__all__ = ["incomplete", "reads_unknown"]


def incomplete(
    plan: Mapping[str, Any], modules: Mapping[str, Module], changes: Sequence[Any]
) -> str | None:
    """Why the plan does not show the whole root module; None when it does."""
    if plan.get("errored") is True:
        return "planning failed; the plan shows only what came before the error"
    if deferred := as_list(plan.get("deferred_changes")):
        return f"{len(deferred)} changes are deferred to a later plan"
    if plan.get("complete") is False:
        return "the plan is not complete: it was limited to targets, or parts are deferred"
    shown = {without_keys(change["address"]) for change in changes}
    missing = [address for address in _expected(modules) if address not in shown]
    if missing:
        return (
            f"{len(missing)} resources of the configuration are not in the plan, {missing[0]} for "
            "one: it was limited to targets, or it only refreshes"
        )
    return None


def _expected(modules: Mapping[str, Module]) -> Iterator[str]:
    """Addresses of resources that a whole plan shows: those that cannot repeat zero times."""
    repeating: set[str] = set()
    for path, module in modules.items():
        parent, _, _ = split_module(path)
        if path and (parent in repeating or _repeats(module.call)):
            repeating.add(path)
            continue
        for address, text in module.resources.items():
            if text.get("mode") == "managed" and not _repeats(text):
                yield f"{path}.{address}" if path else address


def _repeats(text: Mapping[str, Any]) -> bool:
    return "count_expression" in text or "for_each_expression" in text


def reads_unknown(plan: Mapping[str, Any], blocks: Iterable[Block]) -> bool:
    """Does the configuration read an attribute that is not known when planning?

    `relevant_attributes` lists every attribute that planned changes read, through locals, modules
    and `dynamic` blocks; it is left out when empty. Versions before 1.1 do not have it.
    """
    minor = str(plan.get("format_version")).removeprefix("1.")
    if minor in ("0", plan.get("format_version")) or plan.get("errored"):
        return True
    unknown: dict[str, list[Mapping[str, Any]]] = {}
    for block in blocks:
        if block.unknown:
            unknown.setdefault(without_keys(block.address), []).append(block.unknown)
    read = plan.get("relevant_attributes") or []
    if not isinstance(read, list):
        return True
    for entry in read:
        path = as_map(entry).get("attribute")
        first = path[0] if isinstance(path, list) and path else None
        for mask in unknown.get(without_keys(str(as_map(entry).get("resource"))), ()):
            if not isinstance(first, str) or marks(mask.get(first)):
                return True
    return False
