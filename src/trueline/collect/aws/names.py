"""Partitions and regions, as botocore's endpoint data knows them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from trueline.errors import ConfigError

__all__ = ["Geography"]

_HOMES: dict[str, str] = {
    "aws": "us-east-1",
    "aws-us-gov": "us-gov-west-1",
    "aws-cn": "cn-north-1",
    "aws-iso": "us-iso-east-1",
    "aws-iso-b": "us-isob-east-1",
    "aws-iso-e": "eu-isoe-west-1",
    "aws-iso-f": "us-isof-south-1",
    "aws-eusc": "eusc-de-east-1",
}
"""Where each partition answers for what has no region."""


class Geography:
    """`regions` holds every known name, whatever the partition."""

    def __init__(self, endpoints: Mapping[str, Any]) -> None:
        self._partitions: dict[str, Any] = {p["partition"]: p for p in endpoints["partitions"]}
        self.regions = frozenset(r for p in self._partitions.values() for r in p["regions"])

    def home(self, partition: str) -> str:
        """The region that answers for what has none."""
        return _HOMES.get(partition, "us-east-1")

    def partition_of(self, region: str) -> str:
        """The partition of a region; the commercial one for a name that is not known."""
        for name, partition in self._partitions.items():
            if region in partition["regions"]:
                return name
        return "aws"

    def regions_of(self, partition: str) -> tuple[str, ...]:
        return tuple(sorted(self._partitions.get(partition, {"regions": ()})["regions"]))

    def lacks(self, service: str, region: str) -> bool:
        """Do the data name regions of this service, of this region's partition, but not this one?

        They lag behind AWS: good for explaining why a name does not resolve, never for leaving
        out a call.
        """
        partition = self._partitions.get(self.partition_of(region), {})
        endpoints = partition.get("services", {}).get(service, {}).get("endpoints", {})
        named = set(endpoints) & set(partition.get("regions", ()))
        return region in self.regions and bool(named) and region not in named

    def unknown(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those names that no partition has."""
        return tuple(name for name in names if name not in self.regions)

    def refuse(self, name: str, among: Iterable[str], why: str) -> ConfigError:
        """The error for a region name that cannot be read."""
        choices = sorted(among)
        swapped = [choice for choice in choices if sorted(choice) == sorted(name)]
        close = swapped or difflib.get_close_matches(name, choices, 1)
        hint = f"did you mean {close[0]!r}?" if close else f"regions: {', '.join(choices)}"
        return ConfigError("aws.region", f"{name!r} {why}", hint)
