"""Terraform's functions on IP networks."""

from __future__ import annotations

import ipaddress

from trueline.iac.terraform.evaluate.values import FunctionError, TfList
from trueline.iac.terraform.functions.arguments import not_reproduced
from trueline.mapping import Unknown

__all__ = ["cidr_host", "cidr_netmask", "cidr_subnet", "cidr_subnets"]

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _network(prefix: str) -> _Network:
    address, slash, bits = prefix.partition("/")
    if not slash or not bits.isascii() or not bits.isdigit() or "%" in address:
        raise FunctionError(f"invalid CIDR expression: {prefix!r}")
    try:
        network = ipaddress.ip_network((_decimal(address), int(bits)), strict=False)
    except ValueError:
        raise FunctionError(f"invalid CIDR expression: {prefix!r}") from None
    if isinstance(network, ipaddress.IPv6Network) and network.network_address.ipv4_mapped:
        raise FunctionError("IPv4 addresses written as IPv6 are not supported")
    return network


def _decimal(address: str) -> str:
    """An address whose IPv4 numbers have no leading zeros, which Terraform reads as decimal."""
    if ":" in address:
        return address
    return ".".join(part.lstrip("0") or part[-1:] for part in address.split("."))


def cidr_host(prefix: str, number: int) -> str:
    """`cidrhost(prefix, number)`; negative numbers count from the end."""
    network = _network(prefix)
    size = network.num_addresses
    if not -size <= number < size:
        raise FunctionError(f"prefix {prefix} does not accommodate a host numbered {number}")
    return str(network[number])


def cidr_netmask(prefix: str) -> str:
    """`cidrnetmask(prefix)`, for IPv4 only."""
    network = _network(prefix)
    if network.version == 6:
        raise FunctionError("IPv6 addresses cannot have a netmask")
    return str(network.netmask)


def cidr_subnet(prefix: str, new_bits: int, number: int) -> str | Unknown:
    """`cidrsubnet(prefix, new_bits, number)`."""
    network = _network(prefix)
    length = _longer(network, new_bits)
    if number < 0:
        return not_reproduced("cidrsubnet")
    if number >= 1 << new_bits:
        raise FunctionError(f"{new_bits} more bits do not accommodate a subnet numbered {number}")
    step = 1 << (network.max_prefixlen - length)
    return f"{network.network_address + number * step}/{length}"


def cidr_subnets(prefix: str, *new_bits: int) -> TfList:
    """`cidrsubnets(prefix, new_bits…)`: networks one after the other, each on its own boundary."""
    network = _network(prefix)
    subnets = TfList()
    free = 0
    for bits in new_bits:
        if not 1 <= bits <= 32:
            raise FunctionError("must extend prefix by 1 to 32 bits")
        length = _longer(network, bits)
        step = 1 << (network.max_prefixlen - length)
        start = -(-free // step) * step
        free = start + step
        if free > network.num_addresses:
            raise FunctionError(f"not enough remaining address space for a /{length} subnet")
        subnets.append(f"{network.network_address + start}/{length}")
    return subnets


def _longer(network: _Network, new_bits: int) -> int:
    if not 0 <= new_bits <= 128:
        raise FunctionError("the number of additional bits is out of range")
    length = network.prefixlen + new_bits
    if length > network.max_prefixlen:
        raise FunctionError(f"not enough address bits to extend {network} by {new_bits}")
    return length
