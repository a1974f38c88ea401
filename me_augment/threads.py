"""One thread for arithmetic whose bytes must not depend on how many cores a machine has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


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
