"""A root module as the row makers see it, whether it was planned or only written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from trueline.mapping import Unknown

__all__ = ["ADDRESS", "Aim", "Code", "CodeBlock"]

ADDRESS = "(address)"
"""Member of a document that names its block; no mapping can read it."""


class CodeBlock(Protocol):
    """One instance of a resource or data source; `provider_key` names its configuration."""

    @property
    def address(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def data(self) -> bool: ...
    @property
    def provider(self) -> str: ...
    @property
    def provider_key(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Aim:
    """Whom attributes of a block point at, as addresses of wanted blocks.

    `sure`: at each of these; `possible`: at one or more of these. `anyone`: at something that
    cannot be told. `named`: possibly also at any block whose name is known.
    """

    sure: Sequence[str] = ()
    possible: Sequence[str] = ()
    anyone: bool = False
    named: bool = False


class Code(Protocol):
    """The blocks of a root module, and what is known of each by its address."""

    @property
    def blocks(self) -> Mapping[str, CodeBlock]:
        """By address."""

    @property
    def types(self) -> Mapping[str, Sequence[CodeBlock]]:
        """Resources and data sources by Terraform type."""

    @property
    def incomplete(self) -> str | None:
        """Why not every block is seen, as a sentence; None when every one is."""

    def document(self, address: str) -> dict[str, Any]:
        """What a mapping reads: values, null, and Unknown where unset or not known."""

    def account(self, address: str) -> str | None: ...

    def region(self, address: str) -> str | None: ...

    def aim(
        self,
        address: str,
        labels: Sequence[str],
        value: Any,
        wanted: Callable[[CodeBlock], bool],
    ) -> Aim:
        """Whom the text of some attributes points at, whose `value` does not say it alone."""

    def lacking(self, address: str, beside: str) -> Unknown | None:
        """Why a block may not exist although the one `beside` does, if that is not empty."""

    def hidden(self, address: str, names: Collection[str]) -> Unknown | None:
        """Why blocks may exist that are not seen and point at this one, by reference or name."""
