"""What several tests of runs need."""

from hashlib import sha256
from itertools import islice

import numpy as np

from me_augment.synthesis.plan import Plan
from me_augment.synthesis.prepare import prepare
from me_augment.synthesis.sources import open_sources


def hashes(folder):
    """File below a folder → SHA-256."""
    return {
        str(file.relative_to(folder)): sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def beginning(plan, count):
    """A plan of the first rows of another, few enough to lie in its first shard."""
    rows = list(islice(plan, count))
    return Plan.of(lambda _: iter(rows), np.array([count]), count)


def small_plan(manifest, **options):
    """Of the tiny manifest: six clips in two shards."""
    return prepare(open_sources(manifest.folder, None, None), **{"clips_per_shard": 3, **options})


def prepared(manifest, **options):
    """Of the tiny manifest: twelve clips in six shards."""
    return small_plan(manifest, **{"per_driver": 2, **options})


class StopsAfter:
    """An executor that breaks down after some shards."""

    def __init__(self, shards):
        self.shards = shards

    def run(self, work, shards, stop):
        for index, shard in enumerate(shards):
            if index == self.shards:
                raise KeyboardInterrupt
            yield work(shard)
