"""Shape functions about networks: firewall rules, port ranges and CIDRs."""

from __future__ import annotations

import functools
import ipaddress
from typing import Any

from trueline.mapping.casts import to_int
from trueline.mapping.shapes.logic import Verdict, any_of, read_bool, said
from trueline.mapping.unknown import MALFORMED, Unknown

__all__ = ["any_cidr", "ip_rules", "port_ranges"]

_PROTOCOLS = {
    "-1": "all",
    "*": "all",
    "any": "all",
    "6": "tcp",
    "17": "udp",
    "1": "icmp",
    "58": "icmpv6",
}
_WITH_PORTS = ("tcp", "udp")
_EVERYWHERE = frozenset({"*", "any", "internet"})
_INTERNET = ("0.0.0.0/0", "::/0")
_KINDS = {"cidrs": "cidr", "cidrs6": "cidr", "prefix_lists": "prefix_list", "groups": "group"}
_NO_NETWORK = {"family": 0, "prefix_len": -1, "first": "", "last": "", "is_any": False}
_NETWORK_FIELDS = ("family", "prefix_len", "first", "last", "is_any")


def ip_rules(direction: Any, entries: Any, own_id: Any = None) -> Any:
    """Firewall entries -> one `ip_rule` for each source.

    An entry is `{protocol, from, to, cidrs, cidrs6, prefix_lists, groups, self}`; the sources are
    one text or a list. A group equal to `own_id` is `self`. A source that may or may not be there,
    or a network that cannot be read, is an unknown element. `has_source` says that an entry has
    a source and at most one group: where no other is there, the group is, whatever its id.
    """
    if entries is None or entries.__class__ is Unknown:
        return entries if entries is None else entries.derived()
    out: list[Any] = []
    for entry in _listed(entries):
        if entry.__class__ is Unknown:
            out.append(entry)
        elif isinstance(entry, dict):
            out.extend(_rules(direction, entry, own_id))
        else:
            out.append(Unknown(MALFORMED))
    return out


def _listed(value: Any) -> list[Any]:
    """One value or a list of them, without absent ones."""
    return [v for v in (value if isinstance(value, list) else [value]) if v is not None]


def _rules(direction: Any, entry: dict[str, Any], own_id: Any) -> list[Any]:
    protocol = _protocol(entry.get("protocol"))
    first, last = _ports(protocol, entry.get("from"), entry.get("to"))
    base = {"direction": direction, "protocol": protocol, "from_port": first, "to_port": last}
    out: list[Any] = []
    for member, kind in _KINDS.items():
        sources = said(entry.get(member))
        sure = kind == "group" and entry.get("has_source") is True and _has_one_group(entry)
        for source in _listed(sources):
            if source.__class__ is Unknown and not (source.present or sure):
                out.append(source.derived())
            elif kind == "cidr":
                out.extend(
                    n if n.__class__ is Unknown else base | n for n in _networks(member, source)
                )
            else:
                out.append(base | _named(kind, source, own_id))
    own = said(entry.get("self"))
    includes_self = False if own is None else read_bool(own)
    if includes_self is True:
        out.append(base | {"source_kind": "group", "source": "self"} | _NO_NETWORK)
    elif isinstance(includes_self, Unknown):
        out.append(includes_self)
    return out


def _has_one_group(entry: dict[str, Any]) -> bool:
    """Can nothing but the group be the entry's source?"""
    others = (said(entry.get(member)) for member, kind in _KINDS.items() if kind != "group")
    return not any(map(_listed, others)) and said(entry.get("self")) in (None, False)


def _protocol(value: Any) -> Any:
    if value is None:
        return Unknown("missing:protocol")
    if value.__class__ is Unknown:
        return value.derived()
    if not isinstance(value, (str, int)):
        return Unknown(MALFORMED)
    text = str(value).strip().lower()
    return _PROTOCOLS.get(text, text)


def _ports(protocol: Any, first: Any, last: Any) -> tuple[Any, Any]:
    """Ports as the protocol means them: what the entry says counts for TCP and UDP only."""
    if protocol.__class__ is Unknown:
        return protocol, protocol
    if protocol == "all":
        return 0, 65535
    if protocol not in _WITH_PORTS:
        return -1, -1
    low, high = _port(first, "from"), _port(last, "to")
    if low.__class__ is Unknown or high.__class__ is Unknown:
        # -1 on either side stands for every port and would change the other.
        return (
            low if low.__class__ is Unknown else high,
            high if high.__class__ is Unknown else low,
        )
    return (0, 65535) if low == -1 or high == -1 else (low, high)


def _port(value: Any, name: str) -> Any:
    if value is None:
        return Unknown(f"missing:{name}")
    if value.__class__ is Unknown:
        return value.derived()
    try:
        return to_int(value)
    except ValueError:
        return Unknown(MALFORMED)


def _named(kind: str, source: Any, own_id: Any) -> dict[str, Any]:
    """A source that is a prefix list or a group."""
    if source.__class__ is not Unknown and not isinstance(source, str):
        source = Unknown(MALFORMED)
    elif kind == "group" and source.__class__ is not Unknown:
        if own_id.__class__ is Unknown:
            source = own_id.derived()
        elif own_id is not None and source == own_id:
            source = "self"
    named = {"source_kind": kind, "source": source} | _NO_NETWORK
    # Its entries are not read, and everywhere may be among them.
    return named | {"is_any": Unknown("not_collected")} if kind == "prefix_list" else named


def _networks(member: str, source: Any) -> list[Any]:
    """The networks a source stands for: one, or both internets."""
    if source.__class__ is Unknown:
        return [
            {"source_kind": "cidr", "source": source}
            | dict.fromkeys(_NETWORK_FIELDS, source.derived())
        ]
    if isinstance(source, str) and source.strip().lower() in _EVERYWHERE:
        return [_network(text) for text in _INTERNET]
    network = _network(source) if isinstance(source, str) else None
    if network is None or (member == "cidrs6" and network["family"] != 6):
        return [Unknown(MALFORMED)]
    return [network]


@functools.lru_cache(16_384)
def _network(text: str) -> dict[str, Any] | None:
    """The fields of a network; host bits are dropped. None = not a network."""
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None
    return {
        "source_kind": "cidr",
        "source": str(network),
        "family": network.version,
        "prefix_len": network.prefixlen,
        "first": f"{int(network.network_address):032x}",
        "last": f"{int(network.broadcast_address):032x}",
        "is_any": network.prefixlen == 0,
    }


def any_cidr(ranges: Any) -> Any:
    """Is one of these networks the whole internet? Names that are no networks never are."""
    if ranges is None or ranges.__class__ is Unknown:
        return ranges if ranges is None else ranges.derived()
    return any_of(_is_any(one) for one in _listed(ranges))


def _is_any(source: Any) -> Verdict:
    if source.__class__ is Unknown:
        return Unknown(source.cause)
    if not isinstance(source, str):
        return Unknown(MALFORMED)
    if source.strip().lower() in _EVERYWHERE:
        return True
    network = _network(source)
    if network is not None:
        return bool(network["is_any"])
    return False if source[:1].isalpha() and ":" not in source else Unknown(MALFORMED)


def port_ranges(entries: Any) -> Any:
    """Entries `{protocol, ports: ["80", "8000-9000"]}` -> `{protocol, from_port, to_port}` each.

    An entry without ports stands for all of them.
    """
    if entries is None or entries.__class__ is Unknown:
        return entries if entries is None else entries.derived()
    out: list[Any] = []
    for entry in _listed(entries):
        if not isinstance(entry, dict):
            out.append(entry if entry.__class__ is Unknown else Unknown(MALFORMED))
            continue
        protocol, ports = _protocol(entry.get("protocol")), said(entry.get("ports"))
        for port in _listed(ports) or ["0-65535"]:
            if port.__class__ is Unknown and not port.present:
                out.append(port.derived())
                continue
            first, last = _range(port)
            out.append({"protocol": protocol, "from_port": first, "to_port": last})
    return out


def _range(port: Any) -> tuple[Any, Any]:
    if port.__class__ is Unknown:
        return port, port
    low, dash, high = str(port).partition("-")
    return _port(low, "ports"), _port(high if dash else low, "ports")
