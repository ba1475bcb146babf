"""Instances of resources and data sources: what references see of them, and their documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from trueline.iac.terraform.code import ADDRESS
from trueline.iac.terraform.evaluate.values import Encoded, OpenObject, Value, plain
from trueline.iac.terraform.ledger import NO_CLOUD
from trueline.iac.terraform.policy_document import POLICY_DOCUMENT, RENDERED, policy_document
from trueline.iac.terraform.provider_facts import IDENTITIES, is_always_set, is_region
from trueline.iac.terraform.source.bodies import MISSING, Labels, Nested, nested_labels, written
from trueline.iac.terraform.source.providers import Provider
from trueline.iac.terraform.source.repeats import condition
from trueline.iac.terraform.source.silence import DECIDES, NOT_TOLD, UNSEEN, silent_value
from trueline.mapping import Unknown, is_unknown

if TYPE_CHECKING:
    from trueline.iac.terraform.source.modules import Local, Module
    from trueline.iac.terraform.source.text import Declared

__all__ = ["SourceBlock", "blocks_by_type"]


_FACTS_OF_DATA = frozenset({"account_id", "dns_suffix", "partition", "region", "user_id"})
"""What data sources always tell beside names and ids."""

_META = frozenset({"count", "for_each", "provider", "depends_on", "lifecycle"})


@dataclass(slots=True, eq=False)
class SourceBlock:
    """One instance, or the one that stands for an unknown number; `name` is `type.name`."""

    address: str
    name: str
    declared: Declared
    place: Local
    _read: dict[str, Value] = field(default_factory=dict)

    @property
    def module(self) -> Module:
        return self.place.module

    @property
    def type(self) -> str:
        return self.declared.block.labels[0]

    @property
    def data(self) -> bool:
        return self.declared.block.type == "data"

    @property
    def provider(self) -> str:
        return self.type.partition("_")[0]

    @property
    def provider_key(self) -> str:
        return self.settings.key

    @property
    def settings(self) -> Provider:
        """The provider configuration that it uses."""
        return self.module.world.providers.of(self.module, self.declared)

    @property
    def region(self) -> str | None:
        """Where its provider works, or its own region where it names one."""
        own = self.said("region")
        return own if is_region(own) else self.settings.region

    def doubts(self) -> dict[tuple[str, str], str]:
        """Why it may not exist: by place and text of each condition that is not known, its cause.

        Blocks that stand under the same condition exist together.
        """
        found = dict(self.module.doubts())
        group = self.module.group(self.name)
        if group is not None and group.doubt is not None:
            found[self.module.path, condition(self.declared)] = group.doubt.cause
        return found

    def seen(self) -> OpenObject:
        """The instance as other expressions see it."""
        whole = Unknown(self._later(""), present=True, refs=(self.address,))
        return OpenObject(whole, self.read)

    def read(self, label: str) -> Value:
        """The value of an attribute or nested block for those that refer to it."""
        if label not in self._read:
            with self.module.world.hop(self.module, (self.address, label)) as cause:
                if cause is None:
                    value = self._seen(label)
                else:
                    value = Unknown(f"unresolved:{self.address}.{label} ({cause})")
            self._read[label] = value
        return self._read[label]

    def _seen(self, label: str) -> Value:
        if self.data and (value := _data_value(self, label)) is not None:
            return value
        if label == "tags_all":
            return self.all_tags()
        value = self.said(label)
        always = is_always_set(self.type, label) or (self.data and label in _FACTS_OF_DATA)
        refs = (self.address,)
        if value is MISSING or value is None:
            silent = NOT_TOLD if self.data else silent_value(self.type, label)
            if silent is NOT_TOLD or silent in (DECIDES, UNSEEN):
                return Unknown(self._later(label), present=always, refs=refs, named=always)
            return silent
        if label in IDENTITIES and is_unknown(value) and not self._is_of_cloud(value.refs):
            return Unknown(value.cause, present=always, refs=refs, named=always)
        return self._shown(value, label)

    def _is_of_cloud(self, addresses: Iterable[str]) -> bool:
        """Does a value come from blocks that a cloud knows?"""
        blocks = self.module.world.blocks
        return any(a in blocks and blocks[a].provider not in NO_CLOUD for a in addresses)

    def _shown(self, value: Value, label: str) -> Value:
        """Nested blocks are open: the provider adds what is not written."""
        if not isinstance(value, list) or not any(v.__class__ is Nested for v in value):
            return value
        return [self._open(v, f"{label}[{i}]") for i, v in enumerate(value)]

    def _open(self, value: Value, path: str) -> Value:
        if value.__class__ is not Nested:
            return value

        def read(name: str) -> Value:
            inner = value.get(name, MISSING)
            if inner is MISSING or inner is None:
                return Unknown(self._later(f"{path}.{name}"), refs=(self.address,))
            return self._shown(inner, f"{path}.{name}")

        return OpenObject(Unknown(self._later(path), present=True, refs=(self.address,)), read)

    def _later(self, label: str) -> str:
        """Why an attribute that is not written is not known."""
        address = f"{self.address}.{label}" if label else self.address
        return f"unresolved:{address}" if self.data else f"after_apply:{address}"

    def said(self, label: str, wanted: Labels | None = None) -> Value:
        """What the text says of a label; MISSING where it says nothing."""
        if label in _META:
            return MISSING
        place = self.place.at(self.declared.file_of(label))
        return written(self.declared.body, label, place, wanted or {})

    def all_tags(self) -> Value:
        """Own tags over the provider's default ones."""
        own = self.said("tags")
        own = None if own is MISSING else own
        defaults = self.settings.default_tags
        for tags in (own, defaults):
            if is_unknown(tags):
                return Unknown(tags.cause, refs=tags.refs)
        return {
            **(defaults if isinstance(defaults, dict) else {}),
            **(own if isinstance(own, dict) else {}),
        }

    def document(self, wanted: Labels) -> dict[str, Any]:
        """What a mapping reads: the labels it wants, and by what other blocks name this one."""
        body = self.declared.body
        labels = {**dict.fromkeys(IDENTITIES, _WHOLE), **wanted}
        document = {label: self._told(label, inner) for label, inner in labels.items()}
        document["tags_all"] = plain(self.all_tags())
        document[ADDRESS] = self.address
        document["written"] = {
            label: value
            for label in wanted
            if label in body.attributes and isinstance(value := document[label], str)
        }
        return document

    def _told(self, label: str, wanted: Labels) -> Any:
        value = self.said(label, wanted)
        if value is MISSING or value is None:
            return self._unwritten((label,), f"{self.address}.{label}")
        return self._filled(value, (label,), f"{self.address}.{label}")

    def _unwritten(self, labels: tuple[str, ...], path: str) -> Any:
        """What stands where nothing is written."""
        if self.data:
            return Unknown(f"unresolved:{path}")
        value = silent_value(self.type, ".".join(labels))
        if value == UNSEEN:
            return Unknown(f"provider_decides:{path}")
        if value != DECIDES and value is not NOT_TOLD:
            return list(value) if isinstance(value, list) else value
        if len(labels) == 1 and is_always_set(self.type, labels[0]):
            return Unknown(f"after_apply:{path}", present=True)
        return Unknown(f"provider_decides:{path}", unset=True)

    def _filled(self, value: Value, labels: tuple[str, ...], path: str) -> Any:
        """A value for mappings, with what nested blocks do not say."""
        if value.__class__ is list and any(v.__class__ is Nested for v in value):
            return [self._filled(v, labels, f"{path}[{i}]") for i, v in enumerate(value)]
        if value.__class__ is not Nested:
            return plain(value)
        return {
            key: self._unwritten((*labels, key), f"{path}.{key}")
            if inner is MISSING or inner is None
            else self._filled(inner, (*labels, key), f"{path}.{key}")
            for key, inner in value.items()
        }

    def policy(self) -> Encoded:
        """The policy that an `aws_iam_policy_document` makes."""
        arguments = {label: self.said(label) for label in nested_labels(self.declared.body)}
        known = {k: _without_missing(v) for k, v in arguments.items() if v is not MISSING}
        return Encoded(policy_document(known))


_WHOLE: Labels = {}


def _without_missing(value: Value) -> Any:
    if isinstance(value, list):
        return [_without_missing(v) for v in value]
    if isinstance(value, dict):
        return {k: _without_missing(v) for k, v in value.items() if v is not MISSING}
    return plain(value)


def _data_value(block: SourceBlock, label: str) -> Value:
    """What a data source gives that can be known without reading anything; None otherwise."""
    settings = block.settings
    if block.type == POLICY_DOCUMENT and label in RENDERED:
        return block.policy()
    if block.type == "aws_caller_identity" and label in ("account_id", "id"):
        return settings.account
    if block.type == "aws_region" and label in ("name", "id", "region"):
        return settings.region
    if block.type == "aws_partition" and settings.region is not None:
        partition, suffix = _partition(settings.region)
        return {"partition": partition, "id": partition, "dns_suffix": suffix}.get(label)
    return None


def _partition(region: str) -> tuple[str, str]:
    if region.startswith("cn-"):
        return "aws-cn", "amazonaws.com.cn"
    return ("aws-us-gov" if region.startswith("us-gov-") else "aws"), "amazonaws.com"


def blocks_by_type(blocks: Mapping[str, SourceBlock]) -> dict[str, list[SourceBlock]]:
    found: dict[str, list[SourceBlock]] = {}
    for block in blocks.values():
        found.setdefault(block.type, []).append(block)
    return found
