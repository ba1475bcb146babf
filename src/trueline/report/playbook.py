"""Fills a playbook's command with the resource it is about."""

from __future__ import annotations

import re

from trueline.model import Verdict
from trueline.report.escape import shell

__all__ = ["render_command"]

_PLACEHOLDER = re.compile(r"\{([a-z_][a-z0-9_]*)\}")


def render_command(template: str, verdict: Verdict) -> str:
    """`{column}` becomes the value as one shell word; what is not known stays `<column>`.

    So does a value that a program would take for an option.
    """
    resource = verdict.resource
    known = {
        **verdict.evidence,
        "uid": resource.uid,
        "name": resource.name,
        "account": resource.account,
        "region": resource.region,
        "address": resource.address,
    }

    def fill(found: re.Match[str]) -> str:
        value = known.get(found[1])
        if value is None or isinstance(value, (list, dict)) or str(value).startswith("-"):
            return f"<{found[1]}>"
        return shell(value)

    return _PLACEHOLDER.sub(fill, template)
