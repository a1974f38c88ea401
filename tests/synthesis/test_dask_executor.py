"""Executors: each shard counted once, whoever dies; nothing begun after a stop; every trouble a sentence."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from dask_work import Notes, shard
from runs import hashes

from me_augment.errors import MeAugmentError, UsageError
from me_augment.synthesis import dask_cluster, dask_executor
from me_augment.synthesis.dask_cluster import ExistingScheduler, OwnWorkers, visible_gpus, worker_specs
from me_augment.synthesis.dask_executor import DaskExecutor
from me_augment.synthesis.executor import InProcess
from me_augment.synthesis.prepare import prepare
from me_augment.synthesis.run import Session, begin, execute
from me_augment.synthesis.sources import open_sources

_TESTS = Path(__file__).parents[1]
_ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join((str(_TESTS.parent), str(_TESTS)))}


def never():
    return False


def numbers(results):
    return sorted(result.shard for result in results)


class Drawn:
    """An endless source of shards that counts how many were taken."""

    def __init__(self, last=None):
        self.count, self.last = 0, last

    def __iter__(self):
        while self.last is None or self.count < self.last:
            self.count += 1
            yield shard(self.count - 1)


@pytest.fixture(scope="module")
def said():
    return []


@pytest.fixture(scope="module")
def two_workers(said, tmp_path_factory):
    """Two processes of this machine; two of their deaths are one report of Dask, so that kills take both ways."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(dask_cluster._OWN, "distributed.scheduler.allowed-failures", 1)
        patch.chdir(tmp_path_factory.mktemp("here"))
        with DaskExecutor(OwnWorkers(2), None, said.append) as executor:
            yield executor
        assert list(Path().iterdir()) == []  # Dask's own files are below the system's temporary folder


@pytest.fixture(params=["in process", "dask"])
def executor(request):
    return InProcess() if request.param == "in process" else request.getfixturevalue("two_workers")


def test_each_shard_gives_one_result(executor, tmp_path):
    assert numbers(executor.run(Notes(tmp_path), map(shard, range(30)), never)) == list(range(30))
    assert all((tmp_path / f"begun-{number}").read_text() == "x" for number in range(30))


def test_shards_are_drawn_as_they_are_worked_on(executor, tmp_path):
    drawn, received = Drawn(), []
    for result in executor.run(Notes(tmp_path), iter(drawn), lambda: len(received) >= 25):
        received.append(result)
        assert drawn.count <= len(received) + 4
    assert len(received) < 32


def test_after_a_stop_nothing_is_begun_and_what_was_begun_ends(executor, tmp_path):
    results = []
    results.extend(executor.run(Notes(tmp_path, seconds=0.2), iter(Drawn()), lambda: len(results) >= 3))
    done = sorted(int(file.name.partition("-")[2]) for file in tmp_path.glob("done-*"))
    begun = sorted(int(file.name.partition("-")[2]) for file in tmp_path.glob("begun-*"))
    assert numbers(results) == done == begun
    assert len(done) <= 6


def test_what_the_work_raises_is_raised_here_and_ends_it(executor, tmp_path):
    drawn = Drawn()
    with pytest.raises(MeAugmentError, match="shard-00007 is wrong"):
        list(executor.run(Notes(tmp_path, wrong=7), iter(drawn), never))
    assert drawn.count <= 30
    # The workers are as good as before.
    assert numbers(executor.run(Notes(tmp_path), map(shard, range(3)), never)) == [0, 1, 2]


def test_nothing_to_do_starts_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(dask_executor, "connected", None)
    with DaskExecutor(OwnWorkers(2)) as executor:
        assert list(executor.run(Notes(tmp_path), [], never)) == []
        assert list(executor.run(Notes(tmp_path), [shard(0)], lambda: True)) == []


def test_workers_that_die_while_they_start_are_started_again(tmp_path, monkeypatch):
    starts = []

    def specs(own):
        starts.append(own)
        made = worker_specs(own)
        if len(starts) == 1:
            made[0]["options"]["preload"] = ["import os\nos.kill(os.getpid(), 9)\n"]
        return made

    monkeypatch.setattr(dask_cluster, "worker_specs", specs)
    with DaskExecutor(OwnWorkers(1)) as executor:
        assert numbers(executor.run(Notes(tmp_path), map(shard, range(3)), never)) == [0, 1, 2]
    assert len(starts) == 2


def test_a_shard_whose_workers_died_is_made_again(two_workers, said, tmp_path):
    said.clear()
    work = Notes(tmp_path, seconds=0.02, kills=((3, 1), (9, 2)))
    assert numbers(two_workers.run(work, map(shard, range(12)), never)) == list(range(12))
    assert (tmp_path / "begun-9").read_text() == "xxx"
    assert any("what it was making is made again" in line for line in said)


def test_a_shard_that_kills_every_worker_is_named(two_workers, tmp_path, monkeypatch):
    monkeypatch.setattr(dask_executor, "_SUBMISSIONS", 1)
    with pytest.raises(MeAugmentError, match=r"again and again while they made shard-00001 \(clip-1-0"):
        # Alone, since one that waited behind it whenever its worker died would be suspected as well.
        list(two_workers.run(Notes(tmp_path, kills=((1, 99),)), iter([shard(1)]), never))
    assert (tmp_path / "begun-1").read_text() == "xx"


@pytest.mark.parametrize("package", ["numpy", "me-augment"])
def test_a_worker_with_other_software_is_refused(two_workers, tmp_path, monkeypatch, package):
    here = dict(dask_executor.software())
    other = tuple({**here, package: "1.0"}.items())
    monkeypatch.setattr(dask_executor, "software", lambda: other)
    with pytest.raises(MeAugmentError) as caught:
        list(two_workers.run(Notes(tmp_path), map(shard, range(3)), never))
    assert f"on {socket.gethostname()} has {package} {here[package]}, and here it is 1.0" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_worker_that_does_not_see_the_folder_is_found_out_before_the_work(two_workers, tmp_path, monkeypatch):
    shared, notes = tmp_path / "shared", tmp_path / "notes"
    shared.mkdir()
    notes.mkdir()
    # A path that leads to the folder in this process only.
    descriptor = os.open(shared, os.O_RDONLY)
    try:
        monkeypatch.setattr(two_workers, "_shared", Path(f"/proc/self/fd/{descriptor}"))
        with pytest.raises(MeAugmentError, match="does not see /proc/self/fd"):
            list(two_workers.run(Notes(notes), map(shard, range(3)), never))
    finally:
        os.close(descriptor)
    assert list(notes.iterdir()) == []
    assert list(shared.iterdir()) == []
    monkeypatch.setattr(two_workers, "_shared", shared)
    assert numbers(two_workers.run(Notes(notes), map(shard, range(3)), never)) == [0, 1, 2]
    assert list(shared.iterdir()) == []


def begun(manifest, folder):
    """A run of real clips, in shards of two."""
    begin(prepare(open_sources(manifest.folder, None, None), clips_per_shard=2), folder)
    return folder


@pytest.fixture(scope="module")
def made_here(tiny_manifest, tmp_path_factory):
    folder = begun(tiny_manifest, tmp_path_factory.mktemp("runs") / "here")
    assert execute(folder).finished
    return hashes(folder)


def test_workers_give_the_bytes_that_one_process_gives(two_workers, made_here, tiny_manifest, tmp_path, monkeypatch):
    folder = begun(tiny_manifest, tmp_path / "run")
    monkeypatch.setattr(two_workers, "_shared", folder / "shards")
    assert execute(folder, Session(executor=two_workers)).finished
    assert hashes(folder) == made_here


def test_a_scheduler_that_is_not_there_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(dask_cluster, "_CONNECT_SECONDS", 0.5)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        with (
            DaskExecutor(ExistingScheduler(address)) as executor,
            pytest.raises(MeAugmentError, match=f"scheduler at {address} cannot be reached") as caught,
        ):
            list(executor.run(Notes(tmp_path), [shard(0)], never))
    assert caught.value.exit_code == 1


@pytest.mark.parametrize("text", [None, "{", "[]", '{"id": 3}'])
def test_a_file_that_no_scheduler_wrote_is_wrong_use(tmp_path, text):
    file = tmp_path / "scheduler.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(UsageError, match="neither an address"):
        _ = ExistingScheduler(str(file)).address
    file.write_text(json.dumps({"address": "tcp://127.0.0.1:8786"}))
    assert ExistingScheduler(str(file)).address == "tcp://127.0.0.1:8786"


def test_each_worker_of_a_machine_with_gpus_sees_its_own():
    specs = worker_specs(OwnWorkers(2, ("0", "GPU-7f")))
    assert [spec["options"]["env"] for spec in specs.values()] == [
        {"CUDA_VISIBLE_DEVICES": "0"},
        {"CUDA_VISIBLE_DEVICES": "GPU-7f"},
    ]
    assert all(spec["options"]["resources"] == {"GPU": 1} for spec in specs.values())
    assert all("resources" not in spec["options"] for spec in worker_specs(OwnWorkers(2)).values())
    with pytest.raises(UsageError, match="--workers is 3, and there are 2 GPUs"):
        OwnWorkers(3, ("0", "1"))
    with pytest.raises(UsageError, match="at least 1"):
        OwnWorkers(-1)


@pytest.mark.parametrize(
    ("variable", "gpus"), [("", ()), ("2,0", ("2", "0")), ("GPU-7f, 1", ("GPU-7f", "1")), ("1,-1,0", ("1",))]
)
def test_visible_gpus_are_those_of_the_environment(monkeypatch, variable, gpus):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", variable)
    assert visible_gpus() == gpus


_CHILD = """
import signal, sys
from pathlib import Path
from dask_work import Notes, shard
from me_augment.synthesis.dask_cluster import OwnWorkers
from me_augment.synthesis.dask_executor import DaskExecutor

if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    with DaskExecutor(OwnWorkers(2)) as executor:
        for result in executor.run(Notes(Path(sys.argv[1]), seconds=0.1), map(shard, range(1000)), lambda: False):
            print(result.shard, flush=True)
"""


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_workers_leave_signals_to_their_parent_and_die_with_it(tmp_path):
    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_ENVIRONMENT,
        start_new_session=True,
    )
    lines = [child.stdout.readline() for _ in range(6)]
    for number in (signal.SIGINT, signal.SIGTERM):
        os.killpg(child.pid, number)
        lines += [child.stdout.readline() for _ in range(6)]
    workers = {int((tmp_path / f"done-{int(line)}").read_text()) for line in lines}
    assert len(workers) == 2
    child.kill()
    assert "Traceback" not in child.communicate(timeout=30)[1]
    deadline = time.monotonic() + 10
    while any(map(alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(alive, workers))


def documented(kind):
    """The options that docs/cluster.md gives to `dask scheduler` or `dask worker` on one machine."""
    page = (_TESTS.parent / "docs" / "cluster.md").read_text(encoding="utf-8").partition("**The same, by hand**")[2]
    return shlex.split(next(line for line in page.splitlines() if line.startswith(f"dask {kind} ")))[1:]


class Hosts:
    """A scheduler and workers in process groups of their own, as on several hosts, on the loopback network."""

    def __init__(self, folder):
        self.folder = folder
        self.file = folder / "work" / "scheduler.json"  # as the page has it
        self.file.parent.mkdir()
        # An environment with a me-augment that is not this one.
        package = folder / "other" / "me_augment"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("")
        self.other = {**os.environ, "PYTHONPATH": str(package.parent)}
        self.scheduler = self._start("scheduler", environment=self.other)
        self.workers = [self.host(number) for number in range(2)]

    def host(self, number, environment=_ENVIRONMENT):
        local = ("--local-directory", str(self.folder / f"local-{number}"))
        return self._start("worker", *local, environment=environment)

    def _start(self, kind, *options, environment=_ENVIRONMENT):
        with (self.folder / "log.txt").open("a") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", *documented(kind), "--no-dashboard", *options],
                stdout=log,
                stderr=log,
                env=environment,
                cwd=self.folder,
                start_new_session=True,
            )

    def kill(self, process):
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def address(self):
        deadline = time.monotonic() + 30
        while not self.file.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        return ExistingScheduler(str(self.file)).address

    def end(self):
        for process in (*self.workers, self.scheduler):
            if process.poll() is None:
                self.kill(process)


@pytest.fixture(scope="module")
def hosts(tmp_path_factory):
    cluster = Hosts(tmp_path_factory.mktemp("hosts"))
    yield cluster
    cluster.end()


def test_a_run_outlives_one_of_its_hosts(hosts, tmp_path):
    said, results = [], []
    with DaskExecutor(ExistingScheduler(hosts.address()), tmp_path, said.append) as executor:
        for result in executor.run(Notes(tmp_path, seconds=0.05), map(shard, range(40)), never):
            results.append(result)
            if len(results) == 10:
                hosts.kill(hosts.workers.pop())
        assert numbers(results) == list(range(40))
        makers = {(tmp_path / f"done-{number}").read_text() for number in range(40)}
        assert len(makers) == 2
        assert any("is gone" in line for line in said)


def test_a_run_of_real_clips_outlives_one_of_its_hosts(hosts, made_here, tiny_manifest, tmp_path):
    hosts.workers.append(hosts.host(2))
    folder = begun(tiny_manifest, tmp_path / "run")
    with DaskExecutor(ExistingScheduler(hosts.address()), folder / "shards") as executor:
        victims = [hosts.workers[0]]
        session = Session(executor, progress=lambda _: hosts.kill(victims.pop()) if victims else None)
        assert execute(folder, session).finished
    assert not victims
    assert hashes(folder) == made_here


def test_a_worker_from_another_environment_is_a_sentence(hosts, tmp_path):
    """The scheduler is from there too, which is no trouble."""
    stranger = hosts.host(4, hosts.other)
    with DaskExecutor(ExistingScheduler(hosts.address()), tmp_path) as executor:
        with pytest.raises(MeAugmentError, match="cannot load this version of me-augment"):
            list(executor.run(Notes(tmp_path, seconds=0.1), map(shard, range(1000)), never))
        hosts.kill(stranger)
        assert numbers(executor.run(Notes(tmp_path), map(shard, range(3)), never)) == [0, 1, 2]


def test_a_lost_scheduler_is_a_sentence_with_its_address(hosts, tmp_path):
    """The last test of the cluster, which ends it."""
    hosts.workers.append(hosts.host(3))
    address = hosts.address()
    with DaskExecutor(ExistingScheduler(str(hosts.file)), tmp_path) as executor:
        results = executor.run(Notes(tmp_path, seconds=0.05), map(shard, range(1000)), never)
        next(results)
        hosts.kill(hosts.scheduler)
        with pytest.raises(MeAugmentError, match=f"scheduler at {address} was lost.*the same command") as caught:
            list(results)
    assert caught.value.exit_code == 1
    assert not list(tmp_path.glob(".*"))
