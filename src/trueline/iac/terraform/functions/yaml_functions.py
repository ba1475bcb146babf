"""YAML as Terraform writes and reads it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import yaml

from trueline.iac.terraform.evaluate.types import as_text
from trueline.iac.terraform.evaluate.values import (
    Encoded,
    FunctionError,
    Value,
    is_known,
)
from trueline.iac.terraform.functions.arguments import not_reproduced
from trueline.iac.terraform.functions.graphemes import same_text
from trueline.iac.terraform.functions.json_text import sane_number
from trueline.iac.terraform.functions.yaml_writing import NotReproducedError, yaml_text
from trueline.mapping import Unknown, is_unknown

__all__ = ["yaml_decode", "yaml_encode"]

_TRUTHS = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "off", "Off", "OFF"), False),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NULLS = ("", "~", "null", "Null", "NULL")
_DECIMAL = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,4})?", re.ASCII)
_BASED = re.compile(r"0([xo])([0-9a-fA-F]{1,1000})", re.ASCII)
_INFINITE = re.compile(r"[-+]?\.(inf|Inf|INF)")
_DATE = re.compile(r"\d{4}-\d\d?-\d\d?(?:[Tt\s]|$)", re.ASCII)
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d)Z?)?", re.ASCII)
_LONGEST = 2_000_000
_MOST_NODES = 200_000
_DEEPEST = 100
_PREFIX = "tag:yaml.org,2002:"
_TEXT = f"{_PREFIX}str"
_PLAIN = "plain"
_UNREADABLE = Unknown("unresolved:yamldecode()")


def yaml_encode(value: Value) -> str | Encoded | Unknown:
    """`yamlencode(value)`; a value known in part becomes a text whose tree is known in part."""
    if is_unknown(value):
        return Unknown(value.cause, present=True, refs=value.refs)
    if not is_known(value):
        return Encoded(value)
    try:
        return yaml_text(value)
    except NotReproducedError:
        return not_reproduced("yamlencode")


def yaml_decode(source: str | Encoded | Unknown) -> Value:
    """`yamldecode(source)`; what has an explicit tag, or is no plain time, is unknown."""
    if isinstance(source, Unknown):
        return Unknown(source.cause, refs=source.refs)
    if isinstance(source, Encoded):
        return source.document
    if len(source) > _LONGEST:
        return _UNREADABLE
    try:
        documents = list(yaml.compose_all(source, Loader=_Loader))
    except (yaml.YAMLError, RecursionError) as error:
        raise FunctionError(f"invalid YAML: {error}") from None
    if len(documents) != 1:
        raise FunctionError(f"one YAML document is wanted, not {len(documents)}")
    return _Reader().read(documents[0])


class _Loader(yaml.BaseLoader):
    """A loader that tells plain scalars from quoted and tagged ones."""

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> Any:
        """The tag of a node that has none."""
        if kind is yaml.ScalarNode:
            return _PLAIN if implicit[0] else _TEXT
        return f"{_PREFIX}{'seq' if kind is yaml.SequenceNode else 'map'}"


class _Reader:
    """Turns nodes into values and counts them: aliases can make few nodes many."""

    def __init__(self) -> None:
        self._count = 0

    def read(self, node: yaml.Node, depth: int = 0) -> Value:
        """The value of a node."""
        self._count += 1
        if self._count > _MOST_NODES or depth > _DEEPEST:
            raise FunctionError("the YAML is too large, nested too deeply, or contains itself")
        if node.tag == _PLAIN:
            return _resolved(node.value)
        if node.tag == _TEXT and isinstance(node, yaml.ScalarNode):
            return same_text(node.value)
        if node.tag == f"{_PREFIX}seq" and isinstance(node, yaml.SequenceNode):
            return [self.read(each, depth + 1) for each in node.value]
        if node.tag == f"{_PREFIX}map" and isinstance(node, yaml.MappingNode):
            return self._mapping(node, depth)
        return _UNREADABLE

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Value]:
        made: dict[str, Value] = {}
        for key_node, value_node in node.value:
            value = self.read(value_node, depth + 1)
            if key_node.tag == _PLAIN and key_node.value == "<<":
                if not isinstance(value, dict):
                    raise FunctionError("can only merge a mapping into a mapping")
                made.update(value)
                continue
            key = self.read(key_node, depth + 1)
            if key is None or not isinstance(key, (str, bool, int, Decimal)):
                raise FunctionError("only strings are allowed as mapping keys")
            made[as_text(key)] = value
        return made


def _resolved(text: str) -> Value:
    """The value of a plain scalar."""
    if text in _NULLS:
        return None
    if text in _TRUTHS:
        return _TRUTHS[text]
    if _DECIMAL.fullmatch(text):
        return sane_number(text)
    based = _BASED.fullmatch(text)
    if based:
        return int(based[2], 16 if based[1] == "x" else 8)
    if _INFINITE.fullmatch(text) or text in (".nan", ".NaN", ".NAN"):
        return _UNREADABLE
    if _DATE.match(text):
        moment = _MOMENT.fullmatch(text)
        return f"{moment[1]}T{moment[2] or '00:00:00'}Z" if moment else _UNREADABLE
    return same_text(text)
