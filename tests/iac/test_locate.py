"""Which line a verdict on code points at."""

from __future__ import annotations

from dataclasses import replace

from trueline.iac.locate import located
from trueline.model import Cause, Location, Place, ResourceRef, Verdict

BLOCK = Location("main.tf", 1, 1, 9, 2)
ACL = Location("main.tf", 3, 3, 3, 20)
CALL = Location("root.tf", 2, 1, 5, 2)
PLACE = Place(BLOCK, {"acl": ACL}, {}, (CALL,))
BUCKET = ResourceRef("code:.:a.b", "aws_thing", "b", "aws", None, None, "source", "a.b")


def verdict(**values: object) -> Verdict:
    given = {"policy": "p", "status": "fail", "severity": "low", "environment": None, **values}
    return Verdict(resource=BUCKET, **given)  # type: ignore[arg-type]


def where(made: Verdict) -> Location | None:
    (found,) = located([made], {BUCKET.uid: PLACE})
    assert found.calls == (CALL,)
    return found.location


def test_the_first_deciding_column_that_is_written_is_pointed_at() -> None:
    assert where(verdict(evidence={"block": False, "acl": "public-read"})) == ACL


def test_the_block_is_pointed_at_where_nothing_is_written() -> None:
    assert where(verdict(evidence={"block": False})) == BLOCK


def test_an_unknown_verdict_points_at_the_column_that_is_not_known() -> None:
    unknown = (Cause("acl[].permission", "unresolved:var.x"),)
    assert where(verdict(status="unknown", unknown=unknown, evidence={"block": False})) == ACL


def test_a_resource_without_a_place_keeps_none() -> None:
    assert located([verdict()], {})[0].location is None


def test_of_several_blocks_the_one_that_says_the_deciding_element_is_pointed_at() -> None:
    rules = [({"port": 443},), ({"port": 22}, {"port": 23})]
    spots = [Location("main.tf", line, 3, line, 9) for line in (4, 7)]
    place = replace(PLACE, elements={"ingress": list(zip(spots, rules, strict=True))})
    found = [
        located([verdict(evidence={"ingress": evidence})], {BUCKET.uid: place})[0].location
        for evidence in ([{"port": 23}], [{"port": 443}, {"port": 22}], [{"port": 80}])
    ]
    assert found == [spots[1], spots[0], BLOCK]
