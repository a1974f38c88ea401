"""Ctrl-C and SIGTERM while a run is made: the first finishes what is being made, the second ends at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_SAID = b"\nStopping: the shards being made are finished first. Once more stops at once.\n"


@contextmanager
def stopping() -> Iterator[Callable[[], bool]]:
    """Give a function that says whether the user, or a batch system, asked to stop."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return

    def ask(signum: int, frame: object) -> None:
        asked.set()
        for number in _SIGNALS:
            signal.signal(number, signal.default_int_handler)
        os.write(2, _SAID)  # print may be at work where the signal came

    before = {number: signal.signal(number, ask) for number in _SIGNALS}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
