"""Spoils the invented corpora of the tests many times over and counts what their readers make of it.

    python benchmarks/fuzz_corpora.py [--mutations 10000] [--seed 1] [--corpus NAME]

Each mutation spoils one cell, row, sheet, file or folder (tests/invented/fuzz.py). Tracebacks, and rows that changed
although no issue or warning says so, are printed and make the exit status 1.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from invented import invented
from invented.fuzz import Fuzz


def main() -> None:
    """Print a line per corpus and the findings."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutations", type=int, default=10_000, help="In all, over all corpora.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus", help="One corpus only.")
    arguments = parser.parse_args()
    corpora = [one for one in invented() if arguments.corpus in (None, one.corpus)]
    share = -(-arguments.mutations // len(corpora))
    total: Counter[str] = Counter()
    for place, one in enumerate(corpora):
        started = time.perf_counter()
        with tempfile.TemporaryDirectory() as scratch:
            counts = _fuzz(Fuzz(one, Path(scratch)), random.Random(f"{one.corpus} {place} {arguments.seed}"), share)
        total += counts
        seconds = time.perf_counter() - started
        print(
            f"{one.corpus:>12}: {share} mutations, {counts['traceback']} tracebacks, {counts['silent']} silently wrong "
            f"({1000 * seconds / share:.0f} ms each)",
            flush=True,
        )
    print(f"{share * len(corpora)} mutations: {total['traceback']} tracebacks, {total['silent']} silently wrong")
    sys.exit(bool(total))


def _fuzz(fuzz: Fuzz, chance: random.Random, count: int) -> Counter[str]:
    counts: Counter[str] = Counter()
    for _ in range(count):
        try:
            mutation, complaints = fuzz.run(chance)
        except Exception:
            counts["traceback"] += 1
            traceback.print_exc()
            continue
        if complaints:
            counts["silent"] += 1
            print(f"{mutation.said}: {' | '.join(complaints)}")
    return counts


if __name__ == "__main__":
    main()
