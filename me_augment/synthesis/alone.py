"""One clip made in a process of its own, for clips that kill the process making them."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

# A process may also die by chance.
_TRIES = 2
_CHILD = "from me_augment.synthesis.alone import answer; answer()"


class MakerDiedError(Exception):
    """The process died each time; the text says how."""


def alone(work: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function of a module in a new process, and once more if that dies.

    Args:
        work, arguments: can be pickled, and so can what it returns or raises.

    Raises:
        MakerDiedError: no try came back.
        Exception: whatever it raised.
    """
    request = pickle.dumps((work, arguments))
    for _ in range(_TRIES):
        code, answered = _ask(request)
        if answered:
            good, value = pickle.loads(answered)
            if good:
                return value
            raise value
    # A process that a library ends by itself has no signal.
    raise MakerDiedError(signal.Signals(-code).name if code < 0 else f"exit code {code}")


def _ask(request: bytes) -> tuple[int, bytes]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with subprocess.Popen(
        [sys.executable, "-c", _CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        start_new_session=True,  # Ctrl-C is for the process that decides
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            child.stdin.write(request)
            child.stdin.flush()
            answered = child.stdout.read()
        except BrokenPipeError:
            answered = b""
        except BaseException:
            child.kill()
            raise
    return child.returncode, answered


def answer() -> None:
    """What that process does: one request from stdin, one answer to stdout."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # libraries may print
    work, arguments = pickle.load(sys.stdin.buffer)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    try:
        result = True, work(*arguments)
    except Exception as error:
        result = False, error
    out.write(pickle.dumps(result))
    out.close()


def _die_with_parent() -> None:
    os.read(0, 1)  # the parent writes no more, and keeps it open while it lives
    os._exit(1)
