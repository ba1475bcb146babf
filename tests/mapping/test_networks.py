"""Firewall rules, networks and ports, over the ways clouds and code write them."""

from __future__ import annotations

from typing import Any

import pytest

from trueline.mapping import Unknown
from trueline.mapping.shapes import SHAPES
from trueline.model import STRUCTS

ip_rules, any_cidr, port_ranges = SHAPES["ip_rules"], SHAPES["any_cidr"], SHAPES["port_ranges"]
DENIED = Unknown("denied")
UNSET = Unknown("provider_decides:x.y", unset=True)
GROUP = Unknown("after_apply:aws_security_group.a.id", present=True, refs=("aws_security_group.a",))


def rules(**entry: Any) -> list[Any]:
    base = {"protocol": "tcp", "from": 22, "to": 22}
    return list(ip_rules("in", [{**base, **entry}], "sg-own"))


def test_a_rule_has_exactly_the_fields_of_its_struct() -> None:
    for entry in ({"cidrs": "10.0.0.0/8"}, {"groups": "sg-1"}, {"self": True}):
        [rule] = rules(**entry)
        assert rule.keys() == {field.name for field in STRUCTS["ip_rule"]}


@pytest.mark.parametrize(
    ("source", "text", "family", "length", "first", "last", "is_any"),
    [
        ("0.0.0.0/0", "0.0.0.0/0", 4, 0, "0" * 32, "0" * 24 + "f" * 8, True),
        ("10.1.2.3/8", "10.0.0.0/8", 4, 8, "0" * 24 + "0a000000", "0" * 24 + "0affffff", False),
        ("192.0.2.7", "192.0.2.7/32", 4, 32, "0" * 24 + "c0000207", "0" * 24 + "c0000207", False),
        ("::/0", "::/0", 6, 0, "0" * 32, "f" * 32, True),
        (
            "2001:DB8::/32",
            "2001:db8::/32",
            6,
            32,
            "20010db8" + "0" * 24,
            "20010db8" + "f" * 24,
            False,
        ),
    ],
)
def test_a_network_is_written_out_so_that_sql_can_compare_it(
    source: str, text: str, family: int, length: int, first: str, last: str, is_any: bool
) -> None:
    [rule] = rules(cidrs=[source])
    assert rule["source_kind"] == "cidr"
    assert rule["source"] == text
    assert (rule["family"], rule["prefix_len"]) == (family, length)
    assert (rule["first"], rule["last"], rule["is_any"]) == (first, last, is_any)


@pytest.mark.parametrize(
    ("protocol", "ports", "said"),
    [
        ("tcp", (22, 23), ("tcp", 22, 23)),
        ("TCP", ("22", "23"), ("tcp", 22, 23)),
        (6, (22, 23), ("tcp", 22, 23)),
        ("17", (53, 53), ("udp", 53, 53)),
        ("tcp", (-1, -1), ("tcp", 0, 65535)),
        ("-1", (None, None), ("all", 0, 65535)),
        (-1, (22, 22), ("all", 0, 65535)),
        ("all", (0, 0), ("all", 0, 65535)),
        ("*", (None, None), ("all", 0, 65535)),
        ("icmp", (8, 0), ("icmp", -1, -1)),
        ("58", (-1, -1), ("icmpv6", -1, -1)),
        ("50", (None, None), ("50", -1, -1)),
    ],
)
def test_protocol_and_ports_are_normalised(
    protocol: Any, ports: tuple[Any, Any], said: tuple[str, int, int]
) -> None:
    said_ports = {"from": ports[0], "to": ports[1]}
    [rule] = rules(protocol=protocol, cidrs="10.0.0.0/8", **said_ports)
    assert (rule["protocol"], rule["from_port"], rule["to_port"]) == said


def test_each_source_is_a_rule_of_its_own() -> None:
    made = rules(
        cidrs=["10.0.0.0/8", "0.0.0.0/0"],
        cidrs6="::/0",
        groups=["sg-1", "sg-own"],
        self=True,
    )
    kinds = [(rule["source_kind"], rule["source"], rule["is_any"]) for rule in made]
    assert kinds == [
        ("cidr", "10.0.0.0/8", False),
        ("cidr", "0.0.0.0/0", True),
        ("cidr", "::/0", True),
        ("group", "sg-1", False),
        ("group", "self", False),
        ("group", "self", False),
    ]
    assert {rule["family"] for rule in made[3:]} == {0}


def test_a_prefix_list_may_hold_everywhere() -> None:
    [rule] = rules(prefix_lists=["pl-1"], cidrs=None)
    assert (rule["source_kind"], rule["source"]) == ("prefix_list", "pl-1")
    assert rule["is_any"].cause == "not_collected"
    assert rule["family"] == 0


def test_both_internets_are_open_where_a_cloud_says_any() -> None:
    assert [rule["source"] for rule in rules(cidrs="Internet")] == ["0.0.0.0/0", "::/0"]


@pytest.mark.parametrize("bad", ["10.0.0.0/99", "x", "", 7, "1.2.3"])
def test_a_network_that_cannot_be_read_opens_the_list(bad: Any) -> None:
    good, unread = rules(cidrs=["10.0.0.0/8", bad])
    assert good["source"] == "10.0.0.0/8"
    assert unread.cause == "malformed"


def test_a_source_that_may_be_there_opens_the_list_and_one_that_is_unset_does_not() -> None:
    assert rules(cidrs=DENIED) == [DENIED]
    assert rules(cidrs=[DENIED], groups=UNSET, self=UNSET) == [DENIED]
    assert rules(self=DENIED) == [DENIED]
    assert rules() == []


def test_a_group_that_the_code_makes_is_a_group_and_never_the_internet() -> None:
    [rule] = rules(groups=[GROUP])
    assert rule["source"] is GROUP
    assert rule["source_kind"] == "group"
    assert rule["is_any"] is False


def test_a_network_that_is_set_but_not_known_may_be_the_internet() -> None:
    [rule] = rules(cidrs=[GROUP])
    assert rule["source_kind"] == "cidr"
    assert rule["is_any"].cause == GROUP.cause


def test_an_unknown_port_leaves_the_other_open_too() -> None:
    # -1 on one side stands for every port.
    for side in ("from", "to"):
        [rule] = rules(**{side: DENIED}, cidrs="10.0.0.0/8")
        assert [rule[f].cause for f in ("from_port", "to_port")] == ["denied", "denied"]


def test_an_unknown_protocol_leaves_the_ports_open() -> None:
    [rule] = rules(protocol=DENIED, cidrs="10.0.0.0/8")
    assert [rule[f].cause for f in ("protocol", "from_port", "to_port")] == ["denied"] * 3
    [missing] = rules(protocol=None, cidrs="10.0.0.0/8")
    assert missing["protocol"].cause == "missing:protocol"
    [port] = rules(to=DENIED, cidrs="10.0.0.0/8")
    assert port["to_port"].cause == "denied"


@pytest.mark.parametrize(
    ("ranges", "is_any"),
    [
        (["10.0.0.0/8", "0.0.0.0/0"], True),
        ("::/0", True),
        ("*", True),
        (["Internet"], True),
        (["VirtualNetwork", "10.0.0.0/8"], False),
        ([], False),
        (["0.0.0.0/0", DENIED, "10.0.0.0/99"], True),
    ],
)
def test_any_cidr_finds_the_whole_internet(ranges: Any, is_any: bool) -> None:
    assert any_cidr(ranges) is is_any


def test_any_cidr_is_unknown_where_an_unread_network_decides() -> None:
    assert any_cidr(["10.0.0.0/8", DENIED]).cause == "denied"
    assert any_cidr(["10.0.0.0/99"]).cause == "malformed"


def test_port_ranges_are_written_out() -> None:
    entries = [
        {"protocol": "TCP", "ports": ["80", "8000-9000"]},
        {"protocol": "udp"},
        {"protocol": "tcp", "ports": [DENIED]},
        DENIED,
    ]
    made = port_ranges(entries)
    assert made[:3] == [
        {"protocol": "tcp", "from_port": 80, "to_port": 80},
        {"protocol": "tcp", "from_port": 8000, "to_port": 9000},
        {"protocol": "udp", "from_port": 0, "to_port": 65535},
    ]
    assert [one.cause for one in made[3:]] == ["denied", "denied"]


MAYBE = Unknown("after_apply:aws_security_group.a.id")


def test_the_only_possible_source_is_there_though_it_is_not_known_which() -> None:
    [rule] = rules(groups=MAYBE, cidrs=None, self=False, has_source=True)
    assert rule["source_kind"] == "group"
    assert rule["is_any"] is False
    assert rule["source"].__class__ is Unknown


@pytest.mark.parametrize(
    "other", [{"has_source": False}, {"cidrs": MAYBE}, {"cidrs": ["10.0.0.0/8"]}, {"self": MAYBE}]
)
def test_a_source_that_need_not_be_there_stays_open(other: dict[str, Any]) -> None:
    assert any(
        r.__class__ is Unknown for r in rules(**({"groups": MAYBE, "has_source": True} | other))
    )
