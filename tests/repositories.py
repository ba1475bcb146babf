"""Git repositories made with the git program, for tests of what Trueline reads by itself."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

__all__ = ["Clone", "make_repository"]

_PERSON = ("-c", "user.name=A Person", "-c", "user.email=person@example.com")


class Clone:
    """A working tree. Commits are a minute apart, in the order they are made."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self._minute = 0

    def git(self, *arguments: str) -> str:
        self._minute += 1
        when = f"2026-01-01T{self._minute // 60:02}:{self._minute % 60:02}:00Z"
        clean = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        done = subprocess.run(
            ["git", *_PERSON, *arguments],
            cwd=self.top,
            env=clean
            | {
                "GIT_CONFIG_GLOBAL": os.devnull,
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_AUTHOR_DATE": when,
                "GIT_COMMITTER_DATE": when,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def write(self, files: Mapping[str, str | None]) -> None:
        """Write files; None takes one away."""
        for name, text in files.items():
            path = self.top / name
            if text is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)

    def commit(self, files: Mapping[str, str | None] | None = None) -> str:
        """Commit everything, with these files changed first; the commit's id."""
        self.write(files or {})
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--no-verify", "--message", "A change")
        return self.git("rev-parse", "HEAD")

    def clone(self, top: Path, *options: str) -> Clone:
        self.git("clone", "--quiet", *options, f"file://{self.top}", str(top))
        return Clone(top)


def make_repository(top: Path, files: Mapping[str, str | None] | None = None) -> Clone:
    """A repository with one commit on the branch main."""
    top.mkdir(parents=True, exist_ok=True)
    made = Clone(top)
    made.git("init", "--quiet", "--initial-branch", "main")
    made.commit(files)
    return made
