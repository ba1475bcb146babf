"""Members that resource types read occur in recorded answers of real APIs, where there are any.

Service models say which members may exist; only recordings say that an API sends them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from trueline.catalog import Catalog
from trueline.catalog.call_check import used_members
from trueline.catalog.document import plain, read_document
from trueline.model import ResourceType

from .answers import occurs, operation_model

Recordings = dict[tuple[str, str], list[Any]]

NOT_RECORDED = plain(read_document(Path(__file__).with_name("not_recorded.yaml")).root)


@pytest.fixture(scope="session")
def recordings(recorded: Path) -> Recordings:
    """Successful answers by endpoint prefix and operation."""
    out: Recordings = {}
    for path in sorted((recorded / "aws").glob("*.json")):
        for exchange in json.loads(path.read_text())["exchanges"]:
            if exchange["status"] == 200:
                key = (exchange["service"], exchange["operation"])
                out.setdefault(key, []).append(exchange["data"])
    return out


def test_each_member_it_reads_was_sent_by_the_real_api(
    rtype: ResourceType, recordings: Recordings
) -> None:
    missing, unheard = [], []
    for call, paths in used_members(rtype).items():
        model = operation_model(call)
        answers = recordings.get((model.service_model.endpoint_prefix, model.name), [])
        if not answers:
            unheard.append(call)
            continue
        names = [".".join(path) for path in paths if not occurs(path, answers)]
        excused = NOT_RECORDED.get(call, {})
        missing += [f"{call}: {name}" for name in names if name not in excused]
    assert not missing, f"in no recorded answer: {missing}"
    if unheard:
        pytest.skip(f"no recording of {', '.join(unheard)}; its other calls are checked")


def test_members_listed_as_not_recorded_are_read_and_are_not_recorded(
    catalog: Catalog, recordings: Recordings
) -> None:
    read = {
        (call, ".".join(path)): path
        for rtype in catalog.types.values()
        for call, paths in used_members(rtype).items()
        for path in paths
    }
    for call, names in NOT_RECORDED.items():
        model = operation_model(call)
        answers = recordings[model.service_model.endpoint_prefix, model.name]
        for name in names:
            assert (call, name) in read, f"{call}: {name} is not read"
            assert not occurs(read[call, name], answers), f"{call}: {name} is recorded by now"
