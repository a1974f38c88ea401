"""A run as other programs read it: exported in the shape of the corpus that it enlarges."""

from me_augment.corpora import read_corpus
from me_augment.export import export
from me_augment.manifest import Manifest


def test_a_run_enlarges_its_corpus(small_run, tmp_path):
    run = Manifest.open(small_run)
    summary = export(run, "frames", tmp_path / "tree", images="png")
    read = read_corpus("casme2", tmp_path / "tree").manifest
    assert summary.synthetic > 0
    assert len(read.clips) == summary.real + summary.synthetic
    assert {clip.status for clip in read.clips} == {"ok"}
    spans = sorted((clip.emotion, clip.n_frames) for clip in read.clips)
    left_out = {row.clip_id for row in summary.skipped}
    assert spans == sorted((clip.emotion, clip.n_frames) for clip in run.clips if clip.clip_id not in left_out)
    assert (tmp_path / "tree" / "Cropped-updated" / "Cropped").is_dir()
