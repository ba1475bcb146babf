"""What a change introduces, leaves and fixes: the verdicts on both sides of it, side by side.

A verdict is known again by its policy and its resource. A resource is known again by its address
in its root module; where that is gone, by `moved` blocks and Terraform's own rule for `count`, then
by likeness: a root module in another directory, a module call of another name, a resource of the
same type and configuration, and at last the same block of code, called from elsewhere.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from trueline.model import CodeRows, Verdict

__all__ = ["Changes", "compare", "counterparts"]

_STEP = re.compile(r'module\.([\w-]+)(?:\[(?:\d+|"(?:[^"\\]|\\.)*")\])?\.')
_ALIKE = 0.5
"""The share of resources that must stand at the same addresses in something that moved."""


@dataclass(frozen=True, slots=True)
class Changes:
    """`verdicts` of the head with `change` set on fails and unknowns; `fixed`: fails of the base.

    `before` is the base's verdict for each of `verdicts`, None where it had none.
    """

    verdicts: tuple[Verdict, ...]
    before: tuple[Verdict | None, ...]
    fixed: tuple[Verdict, ...]


def compare(
    head: Sequence[Verdict], base: Sequence[Verdict], head_code: CodeRows, base_code: CodeRows
) -> Changes:
    """Tell what the change introduces and fixes.

    A fail is left only where the same one stood in the base and counted there: one that was
    unknown or excused is introduced. A fail of the base is fixed where the head is known not to
    have it.
    """
    pairs = counterparts(head_code, base_code)
    old = {(v.policy, pairs[v.resource.uid]): v for v in base if v.resource.uid in pairs}
    before = tuple(old.get((v.policy, v.resource.uid)) for v in head)
    verdicts = tuple(
        now if now.status == "pass" else replace(now, change=_change(now, was))
        for now, was in zip(head, before, strict=True)
    )
    status = {(v.policy, v.resource.uid): v.status for v in head}
    # What the head could not read whole may still hold what is not seen there.
    hidden = {(s.scope.account, s.scope.type) for s in head_code.scopes if not s.complete}
    fixed = []
    for was in base:
        uid = pairs.get(was.resource.uid)
        if uid is None:
            gone = (_account(was), was.resource.type) not in hidden
        else:
            gone = status.get((was.policy, uid), "pass") == "pass"
        if was.status == "fail" and gone:
            fixed.append(was)
    return Changes(verdicts, before, tuple(fixed))


def _change(now: Verdict, was: Verdict | None) -> str:
    if was is None or was.status == "pass":
        return "introduced"
    if now.status == "unknown":
        return "left" if was.status == "unknown" else "introduced"
    # What was approved and is now only silenced by a comment is no longer what it was.
    old, new = was.exception, now.exception
    counted = old is None or (new is not None and new.kind in (old.kind, "exception"))
    return "left" if was.status == "fail" and counted else "introduced"


def _account(verdict: Verdict) -> str:
    """The scope of a resource in code: its uid without the address."""
    return verdict.resource.uid.removesuffix(f":{verdict.resource.address}")


@dataclass(frozen=True, slots=True)
class _Resource:
    """What a row is known by; `root` is the directory of its root module."""

    uid: str
    root: str
    address: str
    type: str
    fingerprint: str
    folder: str

    @property
    def block(self) -> tuple[str, str]:
        """The block of code that it comes from: the folder it stands in, and its name there."""
        steps = _steps(self.address)
        name = self.address[steps[-1].end() if steps else 0 :]
        return self.folder, name.partition("[")[0]

    @property
    def plain(self) -> str:
        """The address without `[0]`, which a resource gets or loses with `count`."""
        return self.address.replace("[0]", "")


class _Matching:
    """Resources of the base that are `gone`, of the head that are `new`, and the pairs so far.

    `homes` says where a root module has moved to.
    """

    def __init__(self, head: Sequence[_Resource], base: Sequence[_Resource]) -> None:
        self.head, self.base = head, base
        self.gone = {old.uid: old for old in base}
        self.new = {now.uid: now for now in head}
        self.pairs: dict[str, str] = {}
        self.homes: dict[str, str] = {}

    def left(self) -> list[_Resource]:
        """What of the base has no counterpart yet."""
        return list(self.gone.values())

    def home(self, old: _Resource) -> str:
        return self.homes.get(old.root, old.root)

    def uid(self, old: _Resource, address: str) -> str:
        """What a resource of the base is called in the head, if this is its address there."""
        return f"code:{self.home(old)}:{address}"

    def pair(self, old: _Resource, uid: str) -> None:
        """These two are one, if the second is there and nobody's yet."""
        if uid in self.new and old.uid in self.gone:
            del self.new[uid], self.gone[old.uid]
            self.pairs[old.uid] = uid


def counterparts(head: CodeRows, base: CodeRows) -> dict[str, str]:
    """The uid in the head by the uid in the base, of every resource that is still there."""
    matching = _Matching(_resources(head), _resources(base))
    for old in matching.left():
        matching.pair(old, old.uid)
    matching.homes = _moved_roots(matching, _roots(head), _roots(base))
    for old in matching.left():
        matching.pair(old, matching.uid(old, old.address))
    moves = dict(head.moved)
    for old in matching.left():
        matching.pair(old, _followed(matching.uid(old, old.address), moves))
    _by_count(matching)
    _by_calls(matching)
    _by_likeness(matching)
    _by_block(matching)
    return matching.pairs


def _resources(code: CodeRows) -> list[_Resource]:
    found = []
    for table, rows in code.rows.items():
        for row in rows:
            uid, address = row["uid"], row["address"]
            root = uid.removeprefix("code:").removesuffix(f":{address}")
            folder = posixpath.dirname(row["source_file"] or "")
            found.append(_Resource(uid, root, address, table, row["fingerprint"], folder))
    return sorted(found, key=lambda each: each.uid)


def _roots(code: CodeRows) -> set[str]:
    return {state.scope.account.removeprefix("code:") for state in code.scopes}


def _moved_roots(matching: _Matching, head: set[str], base: set[str]) -> dict[str, str]:
    """Where root modules are now that are gone: where the same addresses are new."""
    old = _by_root(matching.gone.values(), base - head)
    new = _by_root(matching.new.values(), head - base)
    scores = []
    for source, ours in old.items():
        for target, theirs in new.items():
            same = ours.keys() & theirs.keys()
            if len(same) >= _ALIKE * max(len(ours), len(theirs)):
                equal = sum(ours[address] == theirs[address] for address in same)
                near = len(posixpath.commonprefix([source[::-1], target[::-1]]))
                scores.append((-len(same) - equal, -near, source, target))
    homes: dict[str, str] = {}
    for _, _, source, target in sorted(scores):
        if source not in homes and target not in homes.values():
            homes[source] = target
    return homes


def _by_root(resources: Iterable[_Resource], roots: set[str]) -> dict[str, dict[str, str]]:
    """Address → fingerprint of what stands in these root modules."""
    found: dict[str, dict[str, str]] = {}
    for each in resources:
        if each.root in roots:
            found.setdefault(each.root, {})[each.address] = each.fingerprint
    return found


def _followed(uid: str, moves: Mapping[str, str]) -> str:
    """Where `moved` blocks lead, one after the other; what is moved takes along what it holds."""
    for _ in moves:
        for source, target in moves.items():
            rest = uid.removeprefix(source)
            # Moving a whole resource or module keeps its keys, unless the target names one.
            if uid.startswith(source) and (
                rest[:1] in ("", ".") or (rest[0] == "[" and not target.endswith("]"))
            ):
                uid = target + rest
                break
        else:
            break
    return uid


def _by_count(matching: _Matching) -> None:
    """`x` and `x[0]` are one resource to Terraform when `count` comes or goes."""
    plain = {(now.root, now.plain): now.uid for now in matching.new.values()}
    for old in matching.left():
        matching.pair(old, plain.get((matching.home(old), old.plain), ""))


_Calls = dict[tuple[str, tuple[str, ...]], list[_Resource]]
"""Root module and names of module calls → what stands beneath."""


def _by_calls(matching: _Matching) -> None:
    """Pair what stands beneath module calls that were renamed without a `moved` block."""
    before = _beneath(matching.base, matching.homes)
    after = _beneath(matching.head, {})
    for (root, path), ours in sorted(before.items(), key=lambda item: (len(item[0][1]), item[0])):
        if (root, path) in after:
            continue
        best: tuple[int, str] = (0, "")
        for (there, other), theirs in after.items():
            if (there, other[:-1]) != (root, path[:-1]) or (there, other) in before:
                continue
            named = {_renamed(old.address, path, other[-1]) for old in ours}
            same = len(named & {now.address for now in theirs})
            if same >= _ALIKE * max(len(ours), len(theirs)):
                best = max(best, (same, other[-1]))
        for old in ours if best[0] else ():
            matching.pair(old, matching.uid(old, _renamed(old.address, path, best[1])))


def _beneath(resources: Iterable[_Resource], homes: Mapping[str, str]) -> _Calls:
    found: _Calls = {}
    for each in resources:
        names = tuple(step[1] for step in _steps(each.address))
        root = homes.get(each.root, each.root)
        for depth in range(1, len(names) + 1):
            found.setdefault((root, names[:depth]), []).append(each)
    return found


def _renamed(address: str, path: Sequence[str], name: str) -> str:
    """The address with another name for the last call of `path`."""
    step = _steps(address)[len(path) - 1]
    return address[: step.start(1)] + name + address[step.end(1) :]


def _steps(address: str) -> list[re.Match[str]]:
    """The module calls at the beginning of an address."""
    steps: list[re.Match[str]] = []
    while step := _STEP.match(address, steps[-1].end() if steps else 0):
        steps.append(step)
    return steps


def _by_likeness(matching: _Matching) -> None:
    """Pair resources of one type and configuration that were renamed without a `moved` block."""
    alike: dict[tuple[str, str, str], list[str]] = {}
    for now in matching.new.values():
        alike.setdefault((now.root, now.type, now.fingerprint), []).append(now.uid)
    for old in matching.left():
        found = alike.get((matching.home(old), old.type, old.fingerprint))
        if found:
            matching.pair(old, found.pop(0))


def _by_block(matching: _Matching) -> None:
    """Pair what one block makes where its module is called by others, by another key or by none."""
    blocks: dict[tuple[str, str], list[str]] = {}
    for now in matching.new.values():
        blocks.setdefault(now.block, []).append(now.uid)
    for old in matching.left():
        found = blocks.get(old.block)
        if found:
            matching.pair(old, found.pop(0))
