"""Names of commits, and the commit that two histories have in common.

A name is what `git rev-parse` takes for a commit, without reflogs (`@{…}`) and searches (`:/…`).
"""

from __future__ import annotations

import difflib
import heapq
import re
from typing import TYPE_CHECKING

from trueline.errors import ConfigError
from trueline.iac.git import Repository

if TYPE_CHECKING:
    from dulwich.objects import Commit

__all__ = ["merge_base", "resolve"]

_STEPS = r"(?:~[0-9]{0,6}|\^[0-9]{0,3}|\^\{(?:commit)?\})*"
_NAME = re.compile(rf"(?P<name>[^~^:\s]+?)(?P<steps>{_STEPS})")
_STEP = re.compile(r"([~^])(\{(?:commit)?\}|[0-9]*)")
_HEADS = ("HEAD", "ORIG_HEAD", "MERGE_HEAD", "CHERRY_PICK_HEAD")
_PLACES = ("refs/{}", "refs/tags/{}", "refs/heads/{}", "refs/remotes/{}", "refs/remotes/{}/HEAD")
_SHORT = 4
"""Digits that the beginning of a commit's id has at least."""
_OURS, _THEIRS, _STALE = 1, 2, 4
_BOTH = _OURS | _THEIRS


def resolve(repository: Repository, name: str) -> str:
    """The id of the commit that a name means. Raises ConfigError with what else to try."""
    said = _NAME.fullmatch(name)
    if said is None or "@{" in name:
        raise _no_commit(
            name, "expected a branch, tag or commit id, which ~N and ^N may follow", None
        )
    found = _named(repository, name, said["name"])
    commit = _peeled(repository, name, found)
    for kind, count in _STEP.findall(said["steps"]):
        if not count.startswith("{"):
            commit = _step(repository, name, commit, kind, int(count or 1))
    return commit.id.decode()


def merge_base(repository: Repository, one: str, other: str) -> str | None:
    """The newest commit that both histories hold; None where they have nothing in common.

    Raises ConfigError where a shallow clone hides which one it is.
    """
    paint = {one: _OURS}
    paint[other] = paint.get(other, 0) | _THEIRS
    queue = [(-_peeled(repository, name, name).commit_time, name) for name in paint]
    heapq.heapify(queue)
    common: dict[str, int] = {}
    cut: dict[str, int] = {}
    # Newest commits first; what lies below a common commit is stale and is painted so.
    while any(not paint[name] & _STALE for _, name in queue):
        when, name = heapq.heappop(queue)
        colours = paint[name]
        if colours & _BOTH == _BOTH:
            common.setdefault(name, when)
            colours |= _STALE
        for parent in _parents(repository, name):
            if paint.get(parent, 0) | colours == paint.get(parent):
                continue
            paint[parent] = paint.get(parent, 0) | colours
            found = _commit(repository, parent)
            if found:
                heapq.heappush(queue, (-found.commit_time, parent))
            else:
                cut[parent] = min(when, cut.get(parent, when))
    best = min(((when, n) for n, when in common.items() if not paint[n] & _STALE), default=None)
    if best and best[1] == other:
        return other
    for parent, when in cut.items():
        # Behind a missing commit only older ones can hide: no better answer than an even newer one.
        if not paint[parent] & _STALE and (best is None or when < best[0]):
            raise repository.lacking(parent)
    return best[1] if best else None


def _commit(repository: Repository, name: str) -> Commit | None:
    from dulwich.objects import Commit

    found = repository.object(name)
    return found if isinstance(found, Commit) else None


def _parents(repository: Repository, name: str) -> list[str]:
    found = _commit(repository, name)
    return [parent.decode() for parent in found.parents] if found else []


def _step(repository: Repository, name: str, commit: Commit, kind: str, count: int) -> Commit:
    """`~N` is N first parents back, `^N` the N-th parent; `^0` the commit itself."""
    for nth in [1] * count if kind == "~" else [count] if count else []:
        if nth > len(commit.parents):
            raise _no_commit(name, f"commit {commit.id[:12].decode()} has no such parent", None)
        parent = commit.parents[nth - 1].decode()
        found = _commit(repository, parent)
        if found is None:
            raise repository.lacking(parent)
        commit = found
    return commit


def _peeled(repository: Repository, name: str, found: str) -> Commit:
    """The commit of an id; a tag's own."""
    from dulwich.objects import Commit, Tag

    for _ in range(10):
        thing = repository.object(found)
        if thing is None:
            raise repository.lacking(found)
        if isinstance(thing, Commit):
            return thing
        if not isinstance(thing, Tag):
            break
        found = thing.object[1].decode()
    raise _no_commit(name, "it names something that is no commit", None)


def _named(repository: Repository, name: str, base: str) -> str:
    """The id behind a name: an id, HEAD, a ref, or the beginning of a commit's id."""
    whole = re.fullmatch(rf"[0-9a-fA-F]{{{repository.digits}}}", base)
    if whole and (repository.object(base.lower()) or repository.shallow or repository.partial):
        return base.lower()
    if base == "FETCH_HEAD" and (fetched := repository.file(base)):
        return fetched[: repository.digits]
    places = ("HEAD",) if base == "@" else ("{}",) if base in _HEADS else _PLACES
    for place in (*places, "{}") if base.startswith("refs/") else places:
        if found := _ref(repository, place.format(base)):
            return found
    if re.fullmatch(rf"[0-9a-fA-F]{{{_SHORT},{repository.digits}}}", base):
        ids = [one for one in repository.ids(base.lower()) if _commit(repository, one)]
        if len(ids) == 1:
            return ids[0]
        if ids:
            raise _no_commit(name, f"{len(ids)} commits begin so", "write more of the id")
    raise _unknown(repository, name, base)


def _ref(repository: Repository, name: str) -> str | None:
    from dulwich.refs import Ref, check_ref_format

    ref = Ref(name.encode("utf-8", "surrogateescape"))
    return repository.ref(name) if name in _HEADS or check_ref_format(ref) else None


def _unknown(repository: Repository, name: str, base: str) -> ConfigError:
    names = repository.names()
    short = sorted({re.sub(r"^refs/(heads|tags|remotes)/", "", each) for each in names})
    near = [ref for ref in short if ref.endswith(f"/{base}")]
    near = near or difflib.get_close_matches(base, short, 1)
    branch = base.removeprefix("origin/")
    fetch = f"git fetch origin {branch}:refs/remotes/origin/{branch}"
    hint = f"fetch it: {fetch}"
    if repository.shallow:
        hint = f"the clone is shallow: {fetch}, or check out with fetch-depth: 0"
    if near:
        hint = f"did you mean {near[0]!r}? Else {hint}"
    return _no_commit(name, "there is no such branch, tag or commit here", hint)


def _no_commit(name: str, why: str, hint: str | None) -> ConfigError:
    return ConfigError(
        "base-unreadable",
        f"--base {name}: {why}",
        hint or "name a commit, for example --base origin/main",
    )
