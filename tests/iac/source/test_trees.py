"""Small module trees: every output and every instance as Terraform plans them.

`expected.json` of a tree is what `terraform plan` said of it, outputs with masks of what is not
known; TRUELINE_WRITE_TREES=1 records it anew.
"""

from __future__ import annotations

import json
import os
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from terraform import run_terraform
from trueline.iac.terraform.evaluate.values import Encoded, OpenObject
from trueline.iac.terraform.source.code import Written
from trueline.iac.terraform.source.inputs import SourceOptions, root_inputs
from trueline.iac.terraform.source.modules import Module
from trueline.iac.terraform.source.text import Texts
from trueline.iac.terraform.source.world import World, deep_calls
from trueline.iac.trees import DiskTree
from trueline.mapping import is_unknown

TREES = sorted(p for p in (Path(__file__).parent / "trees").iterdir() if p.is_dir())


def evaluated(folder: Path) -> Written:
    texts = Texts(DiskTree(folder))
    text = texts.of("")
    inputs, faults = root_inputs(texts.tree, text, SourceOptions())
    assert not faults
    return Written(Module(World(texts, "", inputs, folder.as_posix()), text), {})


def planned(folder: Path) -> dict[str, Any]:
    """What Terraform says of a copy of the tree."""
    data = folder / ".terraform"
    run_terraform(folder, "init", data=data)
    run_terraform(folder, "plan", "-out=plan.out", data=data)
    plan = json.loads(run_terraform(folder, "show", "-json", "plan.out", data=data))
    outputs = {
        name: {"value": change.get("after"), "unknown": change.get("after_unknown", False)}
        for name, change in plan.get("output_changes", {}).items()
    }
    # An output that is null changes nothing.
    for name in plan["configuration"]["root_module"].get("outputs", {}):
        outputs.setdefault(name, {"value": None, "unknown": False})
    resources = sorted(change["address"] for change in plan.get("resource_changes", ()))
    return {"outputs": dict(sorted(outputs.items())), "resources": resources}


def wrong(value: Any, expected: Any, unknown: Any, path: str) -> list[str]:
    """Where a value is not what Terraform says; a mask of true = it is not known yet."""
    if is_unknown(value) and value.cause == "sensitive":
        return []
    hidden = is_unknown(value) or isinstance(value, (Encoded, OpenObject))
    if unknown is True or hidden:
        same = unknown is True and hidden
        return [] if same else [f"{path}: {value!r}, expected {expected!r} (unknown: {unknown})"]
    if isinstance(value, dict) and (isinstance(expected, dict) or isinstance(unknown, dict)):
        expected, masks = expected or {}, unknown if isinstance(unknown, dict) else {}
        keys = {k for k, m in masks.items() if m is not False} | expected.keys()
        if value.keys() != keys:
            return [f"{path}: keys {sorted(value)}, expected {sorted(keys)}"]
        return [
            w
            for k, v in value.items()
            for w in wrong(v, expected.get(k), masks.get(k, False), f"{path}.{k}")
        ]
    if isinstance(value, list) and (isinstance(expected, list) or isinstance(unknown, list)):
        masks = unknown if isinstance(unknown, list) else []
        expected = expected or []
        size = max(len(expected), len(masks))
        if len(value) != size:
            return [f"{path}: {value!r}, expected {expected!r}"]
        masks = [*masks, *[False] * (size - len(masks))]
        expected = [*expected, *[None] * (size - len(expected))]
        triples = enumerate(zip(value, expected, masks, strict=True))
        return [w for i, (v, e, m) in triples for w in wrong(v, e, m, f"{path}[{i}]")]
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        same = not isinstance(expected, bool) and float(value) == float(expected)
        return [] if same else [f"{path}: {value!r}, expected {expected!r}"]
    same = type(value) is type(expected) and value == expected
    return [] if same else [f"{path}: {value!r}, expected {expected!r}"]


@pytest.mark.parametrize("tree", TREES, ids=lambda p: p.name)
def test_every_output_and_instance_is_the_planned_one(tree: Path) -> None:
    expected = json.loads((tree / "expected.json").read_text())
    with deep_calls():
        assert not differing(tree, expected)


def differing(tree: Path, expected: dict[str, Any]) -> list[str]:
    code = evaluated(tree)
    assert sorted(code.blocks) == expected["resources"]
    assert sorted(code.root.text.outputs) == sorted(expected["outputs"])
    return [
        w
        for name, said in expected["outputs"].items()
        for w in wrong(code.root.output(name), said["value"], said["unknown"], name)
    ]


@pytest.mark.needs("terraform")
@pytest.mark.parametrize("tree", TREES, ids=lambda p: p.name)
def test_what_is_expected_of_a_tree_is_what_terraform_plans(
    tree: Path, tmp_path: Path, tf_mirror: Path
) -> None:
    folder = tmp_path / "tree"
    shutil.copytree(tree, folder)
    (folder / "expected.json").unlink(missing_ok=True)
    text = json.dumps(planned(folder), indent=1, ensure_ascii=False) + "\n"
    if os.environ.get("TRUELINE_WRITE_TREES"):
        (tree / "expected.json").write_text(text)
    assert (tree / "expected.json").read_text() == text


def test_there_are_forty_of_them() -> None:
    assert len(TREES) >= 40
