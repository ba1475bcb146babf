"""Runs the benchmarks: all of them, or those named; exits 1 when a figure is over its limit."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence

from benchmarks import collection, demo, evaluation, findings, mapping, source, startup
from benchmarks.measure import Figure

__all__ = ["BENCHMARKS", "main"]

BENCHMARKS: Mapping[str, Callable[[], Iterator[Figure]]] = {
    "startup": startup.measure,
    "source": source.measure,
    "demo": demo.measure,
    "mapping": mapping.measure,
    "collection": collection.measure,
    "evaluation": evaluation.measure,
    "findings": findings.measure,
}


def main(names: Sequence[str], known: Mapping[str, Callable[[], Iterator[Figure]]]) -> int:
    """Print every figure; 0 = all within their limits, 1 = one is over, 2 = an unknown name."""
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; known: {', '.join(known)}", file=sys.stderr)
        return 2
    over = 0
    for name in names or known:
        for figure in known[name]():
            print(figure, flush=True)
            over += not figure.ok
    print(f"{over} over the limit" if over else "all within their limits")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], BENCHMARKS))
