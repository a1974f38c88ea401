"""A Dask cluster on several hosts: process groups of this machine, in network namespaces where that is permitted."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path


class Hosts:
    """A scheduler and workers, each a process group that can be killed as one.

    Args:
        folder: for their logs, the scheduler's file and a local folder of each host.
        environment: of their processes.
    """

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        folder.mkdir()
        self._folder, self._environment = folder, environment
        self._count = 0
        self.namespaces = _may_have_namespaces()
        self.scheduler: subprocess.Popen[bytes] | None = None
        self.workers: dict[int, subprocess.Popen[bytes]] = {}
        self._port = 20000 + os.getpid() % 20000

    def __enter__(self) -> Hosts:
        return self

    def __exit__(self, *exception: object) -> None:
        self.kill_scheduler()
        for host in list(self.workers):
            self.kill_host(host)

    @property
    def address(self) -> str:
        """For the client, which is on the scheduler's host."""
        return f"tcp://127.0.0.1:{self._port}"

    def start_scheduler(self) -> None:
        """Start it, at an address of its own, and wait until it listens."""
        self._port += 1
        self.scheduler = self._start([], "scheduler", "--host", f"tcp://0.0.0.0:{self._port}", "--no-dashboard")

    def start_host(self) -> int:
        """Start a worker with one thread; returns the host's number."""
        number, self._count = self._count, self._count + 1
        server, prefix = "127.0.0.1", []
        if self.namespaces:
            name, server = f"mea-{number}", f"10.77.{number}.1"
            for command in (
                f"ip netns add {name}",
                f"ip link add mea-v{number} type veth peer name eth0 netns {name}",
                f"ip addr add {server}/30 dev mea-v{number}",
                f"ip link set mea-v{number} up",
                f"ip -n {name} addr add 10.77.{number}.2/30 dev eth0",
                f"ip -n {name} link set eth0 up",
                f"ip -n {name} link set lo up",
            ):
                subprocess.run(command.split(), check=True)
            prefix = ["ip", "netns", "exec", name]
        options = ["--nworkers", "1", "--nthreads", "1", "--no-dashboard", "--memory-limit", "0"]
        options += ["--local-directory", str(self._folder / f"local-{number}"), "--death-timeout", "60"]
        self.workers[number] = self._start(prefix, "worker", f"tcp://{server}:{self._port}", *options)
        return number

    def cut_off(self, number: int) -> None:
        """Take a host's network away, as if its cable were drawn: nobody is told."""
        subprocess.run(["ip", "link", "set", f"mea-v{number}", "down"], check=True)

    def kill_host(self, number: int) -> None:
        """SIGKILL to all that runs on a host, and its network goes."""
        _kill(self.workers.pop(number))
        if self.namespaces:
            subprocess.run(["ip", "netns", "del", f"mea-{number}"], check=True)

    def kill_scheduler(self) -> None:
        """SIGKILL."""
        if self.scheduler is not None:
            _kill(self.scheduler)
            self.scheduler = None

    def _start(self, prefix: list[str], kind: str, *options: str) -> subprocess.Popen[bytes]:
        with (self._folder / "log.txt").open("a") as log:
            return subprocess.Popen(
                [*prefix, sys.executable, "-m", "dask", kind, *options],
                stdout=log,
                stderr=log,
                env=self._environment,
                cwd=self._folder,
                start_new_session=True,
            )


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    time.sleep(0.1)


def _may_have_namespaces() -> bool:
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return False
    trial = "ip netns add mea-trial && ip link add mea-vt type veth peer name eth0 netns mea-trial"
    permitted = subprocess.run(["sh", "-c", trial], stderr=subprocess.DEVNULL).returncode == 0
    subprocess.run(["ip", "netns", "del", "mea-trial"], stderr=subprocess.DEVNULL)
    return permitted
