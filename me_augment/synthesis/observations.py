"""What is measured of drivers: each once while it is needed, and those that come next beside the drawing."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

# Kept beside those that are expected; rows come sorted by driver, so that one does, and its predecessor's last clips.
_KEPT = 2


class Observations(Generic[Key, Value]):
    """Measures on demand, or ahead of it; what `measure` raises is raised wherever its value is asked for.

    Args:
        measure: key → value; called in other threads if `ahead` is not 0.
        ahead: keys measured at once, before they are asked for.
    """

    def __init__(self, measure: Callable[[Key], Value], ahead: int = 0) -> None:
        self._measure, self._ahead = measure, ahead
        self._lock = threading.Lock()
        self._futures: OrderedDict[Key, Future[Value]] = OrderedDict()
        self._pool = ThreadPoolExecutor(ahead, "observe") if ahead else None

    def expect(self, keys: Iterable[Key]) -> None:
        """Tell which keys come next, in order; begins as many as may be measured ahead."""
        if self._pool is None:
            return
        for key in islice(dict.fromkeys(keys), self._ahead):
            with self._lock:
                if key not in self._futures:
                    self._futures[key] = self._pool.submit(self._measure, key)

    def __call__(self, key: Key) -> Value:
        """The value for a key."""
        with self._lock:
            found = self._futures.get(key)
            if found is None:
                mine: Future[Value] = Future()
                self._futures[key] = mine
            self._futures.move_to_end(key)
            while len(self._futures) > _KEPT + self._ahead:
                self._futures.popitem(last=False)
        if found is not None:
            return found.result()
        try:
            mine.set_result(self._measure(key))
        except BaseException as error:
            mine.set_exception(error)
        return mine.result()
