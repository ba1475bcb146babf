"""Which regions of an account are enabled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from trueline.collect.answers import CallError, Meter
from trueline.collect.aws.names import Geography
from trueline.collect.aws.sessions import Identity

__all__ = ["Asked", "Regions", "discover"]

_ENABLED_EC2 = ("opt-in-not-required", "opted-in")
_ENABLED_ACCOUNT = ("ENABLED", "ENABLED_BY_DEFAULT", "ENABLING")


@dataclass(frozen=True, slots=True)
class Asked:
    """One call of the discovery, for the ledger."""

    call: str
    requests: int
    status: str
    code: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Regions:
    """`confirmed` = the account itself said so; else they are all that botocore knows."""

    enabled: tuple[str, ...]
    disabled: tuple[str, ...] = ()
    confirmed: bool = True
    asked: tuple[Asked, ...] = field(default=())


def discover(identity: Identity, geography: Geography) -> Regions:
    """Ask EC2, then Account Management; where both refuse, assume every region there is."""
    home = geography.home(identity.partition)
    asked: list[Asked] = []
    for call, args, read in (
        ("ec2.DescribeRegions", {"AllRegions": True}, _from_ec2),
        ("account.ListRegions", {}, _from_account),
    ):
        meter = Meter()
        states: dict[str, bool] = {}
        try:
            for page in identity.remote.pages(call, home, args, meter):
                states.update(read(page))
            # simulators name the regions of every partition
            foreign = geography.regions - set(geography.regions_of(identity.partition))
            states = {name: state for name, state in states.items() if name not in foreign}
            if not states:
                raise CallError("truncated", "NoRegions", "an answer without regions")
        except CallError as failure:
            asked.append(Asked(call, meter.sent, failure.status, failure.code, failure.message))
            continue
        asked.append(Asked(call, meter.sent, "ok"))
        return Regions(
            tuple(sorted(name for name, enabled in states.items() if enabled)),
            tuple(sorted(name for name, enabled in states.items() if not enabled)),
            asked=tuple(asked),
        )
    return Regions(geography.regions_of(identity.partition), confirmed=False, asked=tuple(asked))


_Reader = Callable[[dict[str, list[dict[str, str]]]], dict[str, bool]]


def _from_ec2(page: dict[str, list[dict[str, str]]]) -> dict[str, bool]:
    return {
        region["RegionName"]: region.get("OptInStatus", "opt-in-not-required") in _ENABLED_EC2
        for region in page.get("Regions", ())
    }


def _from_account(page: dict[str, list[dict[str, str]]]) -> dict[str, bool]:
    return {
        region["RegionName"]: region.get("RegionOptStatus") in _ENABLED_ACCOUNT
        for region in page.get("Regions", ())
    }
