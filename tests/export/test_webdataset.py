"""Shards: each list of a fold has whole ones, and all that belong to it; tests/export/test_clip_files.py reads them."""

import tarfile

from me_augment.export import export


def test_a_person_of_two_corpora_is_tested_in_the_folds_of_both(corpus, tmp_path):
    """What SAMM and its long videos show of one person are two tests; neither trains where the other is tested."""
    for person, video, name in (
        ("samm:006", "006_1_2", "samm"),
        ("samm:007", "007_3_1", "samm"),
        ("samm:006", "006_1_9", "samm-lv"),
        ("samm:011", "011_1_9", "samm-lv"),
    ):
        corpus.real(person, video, corpus=name)
    export(corpus.manifest(), "webdataset", tmp_path / "out", folds="corpus")
    found = {path.stem: keys(path) for path in (tmp_path / "out").glob("fold*.txt")}
    assert found == {
        "fold1_samm_test": {"samm_006_006_1_2", "samm_007_007_3_1"},
        "fold1_samm_train": {"samm-lv_011_011_1_9"},
        "fold2_samm-lv_test": {"samm_006_006_1_9", "samm-lv_011_011_1_9"},
        "fold2_samm-lv_train": {"samm_007_007_3_1"},
    }


def keys(listed):
    """Of all samples in the shards of a list."""
    found = set()
    for line in listed.read_text().split():
        with tarfile.open(listed.parent / line) as shard:
            found |= {name.partition(".")[0] for name in shard.getnames()}
    return found
