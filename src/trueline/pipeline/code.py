"""Reads what `check` is given: a plan, or a folder of Terraform source."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from trueline.errors import ConfigError, Where
from trueline.iac.trees import DiskTree, Tree
from trueline.model import CodeRows, ResourceType
from trueline.settings import git_top

__all__ = ["CodeInput", "locate_code", "no_source", "read_code", "read_folder"]

LARGEST_PLAN = 256 << 20
_SOURCE = (".tf", ".tf.json", ".tofu", ".tofu.json")


@dataclass(frozen=True, slots=True)
class CodeInput:
    """What is judged: `plane` is plan or source; `root` is the judged root.

    `file` is a plan's, None for standard input; `folder` is that of the source or the plan,
    relative to the root.
    """

    plane: str
    root: Path
    file: Path | None = None
    folder: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    var_files: Sequence[str] = ()


def locate_code(
    path: str, variables: Mapping[str, str] | None = None, var_files: Sequence[str] = ()
) -> CodeInput:
    """Tell what a path is; `-` is standard input. Raises ConfigError where nothing is there."""
    if path == "-":
        here = Path.cwd()
        top = git_top(here) or here
        return CodeInput("plan", top, folder=_inside(top, here, path))
    place = Path(path)
    if not place.exists():
        raise ConfigError(
            "input-unreadable",
            "the file could not be read: No such file or directory",
            "give a folder of Terraform source, a plan made by terraform show -json, or -",
            Where(path),
        )
    source = place.is_dir() or place.name.endswith(_SOURCE)
    folder = place.resolve() if place.is_dir() else place.resolve().parent
    root = git_top(folder) or folder
    if not source:
        return CodeInput("plan", root, place, _inside(root, folder, path))
    return CodeInput(
        "source",
        root,
        folder=_inside(root, folder, path),
        variables=variables or {},
        var_files=[_var_file(root, f) for f in var_files],
    )


def _var_file(root: Path, said: str) -> str:
    place = Path(said)
    if not place.is_file():
        raise ConfigError(
            "input-unreadable",
            f"expected a file of variables, seen {'a folder' if place.is_dir() else 'nothing'}",
            "paths of --var-file are relative to the current folder",
            Where(said),
        )
    return _inside(root, place.resolve(), said)


def _inside(root: Path, place: Path, said: str) -> str:
    if not place.is_relative_to(root):
        raise ConfigError(
            "input-unreadable",
            f"expected a file inside {root}, seen one outside of it",
            "files are read inside the judged root only: the git top above PATH, else PATH",
            Where(said),
        )
    inner = place.relative_to(root).as_posix()
    return "" if inner == "." else inner


def read_code(
    given: CodeInput, types: Mapping[str, ResourceType], tree: Tree | None = None
) -> CodeRows:
    """The rows, references, ledger, scopes and places of what is judged; of source in a `tree`.

    Raises ConfigError where the input is no code that can be read.
    """
    if given.plane == "plan":
        from trueline.iac.terraform import read_plan

        data = _plan_bytes(given.file)
        name = given.file.name if given.file else "-"
        return read_plan(data, name, types, judged_root=given.root, path=given.file)
    code = read_folder(given, types, tree or DiskTree(given.root))
    if not code.scopes:
        raise no_source(given)
    return code


def read_folder(given: CodeInput, types: Mapping[str, ResourceType], tree: Tree) -> CodeRows:
    """The same of the source in a tree, which may hold none."""
    from trueline.iac.terraform.source import SourceOptions, read_source

    options = SourceOptions(given.variables, given.var_files)
    return read_source(tree, given.folder, types, options, top=given.root.as_posix())


def no_source(given: CodeInput) -> ConfigError:
    """The error of a folder without Terraform source."""
    return ConfigError(
        "input-unreadable",
        "expected Terraform source, seen no file that ends in .tf or .tf.json",
        "give the folder of a root module, or a plan made by terraform show -json",
        Where(str(given.root / given.folder)),
    )


def _plan_bytes(file: Path | None) -> bytes:
    if file is None:
        data = sys.stdin.buffer.read(LARGEST_PLAN + 1)
    else:
        try:
            with file.open("rb") as handle:
                data = handle.read(LARGEST_PLAN + 1)
        except OSError as error:
            raise ConfigError(
                "input-unreadable",
                f"the file could not be read: {error.strerror or error}",
                "give the path of a plan made by terraform show -json, or - for stdin",
                Where(str(file)),
            ) from None
    if len(data) > LARGEST_PLAN:
        raise ConfigError(
            "input-too-large",
            f"the plan is larger than {LARGEST_PLAN >> 20} MB",
            "split the root module, or plan with -target",
            Where(file.name if file else "-"),
        )
    return data
