"""How many cores there are, and one thread for arithmetic whose bytes must not depend on that."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


def cores() -> int:
    """How many cores this process may use; all of the machine where it cannot be bound to some (macOS, Windows)."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def one_thread() -> Iterator[None]:
    """OpenCV and the BLAS behind numpy use one thread inside, and what they used before afterwards.

    Both split their sums by thread, so that the last bits of a flow or a matrix product depend on the number of
    threads. Work is spread over cores by making several clips at once instead.
    """
    import cv2
    from threadpoolctl import threadpool_limits

    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        with threadpool_limits(limits=1):
            yield
    finally:
        cv2.setNumThreads(before)
