"""Shape functions about Kubernetes: pods' containers, and Terraform's spelling of them."""

from __future__ import annotations

import re
from typing import Any

from trueline.mapping.unknown import MALFORMED, Unknown

__all__ = ["camel", "k8s_containers"]

_KINDS = ("initContainers", "containers", "ephemeralContainers")
_LISTS = {"container": "containers", "init_container": "initContainers"}
_UNDERSCORE = re.compile(r"_(\w)")
_DEEPEST = 60


def k8s_containers(spec: Any) -> Any:
    """Containers of a pod spec with what they inherit from it and Kubernetes' defaults.

    Fields: name, kind, image, privileged, allow_escalation, run_as_non_root, read_only_root,
    added_capabilities.
    """
    if spec is None or spec.__class__ is Unknown:
        return spec if spec is None else spec.derived()
    if not isinstance(spec, dict):
        return Unknown(MALFORMED)
    pod = spec.get("securityContext")
    out: list[Any] = []
    for kind in _KINDS:
        entries = spec.get(kind)
        for entry in entries if isinstance(entries, list) else [] if entries is None else [entries]:
            if entry.__class__ is Unknown or not isinstance(entry, dict):
                out.append(entry if entry.__class__ is Unknown else Unknown(MALFORMED))
            else:
                out.append(_container(kind, entry, pod))
    return out


def _container(kind: str, entry: dict[str, Any], pod: Any) -> dict[str, Any]:
    own = entry.get("securityContext")
    privileged = _said(own, "privileged", False)
    escalation = _said(own, "allowPrivilegeEscalation", True)
    return {
        "name": entry.get("name"),
        "kind": kind,
        "image": entry.get("image"),
        "privileged": privileged,
        "allow_escalation": True if privileged is True else escalation,
        "run_as_non_root": _said(own, "runAsNonRoot", _said(pod, "runAsNonRoot", False)),
        "read_only_root": _said(own, "readOnlyRootFilesystem", False),
        "added_capabilities": _said(_said(own, "capabilities", None), "add", []),
    }


def _said(context: Any, key: str, otherwise: Any) -> Any:
    """What a context says, else its default; unknown where the context is."""
    if context.__class__ is Unknown:
        return context.derived()
    if context is None:
        return otherwise
    if not isinstance(context, dict):
        return Unknown(MALFORMED)
    value = context.get(key)
    return otherwise if value is None else value


def camel(tree: Any, depth: int = 0) -> Any:
    """Terraform's kubernetes blocks (snake case, lists of one block) in the API's spelling."""
    if depth > _DEEPEST:
        return Unknown(MALFORMED)
    if isinstance(tree, list):
        return [camel(element, depth + 1) for element in tree]
    if not isinstance(tree, dict):
        return tree
    out = {}
    for key, value in tree.items():
        if key in _LISTS:
            out[_LISTS[key]] = camel(value, depth + 1)
        else:
            name = _UNDERSCORE.sub(lambda m: m[1].upper(), key)
            out[name] = camel(_only(value), depth + 1)
    return out


def _only(value: Any) -> Any:
    """A list of one block is the block."""
    single = isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict)
    return value[0] if single else value
