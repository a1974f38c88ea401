"""The README of a `norm-uv-os` export: what it holds, how recognisers find it, and under which terms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from me_augment.export.summary import ClassCount
from me_augment.manifest import Clip


def card(classes: Mapping[str, ClassCount], folds: int, labels: str, flow: str, clips: Iterable[Clip]) -> str:
    """Markdown for people who find the folder."""
    real = sum(count.real for count in classes.values())
    synthetic = sum(count.synthetic for count in classes.values())
    terms = sorted({(clip.corpus, clip.licence) for clip in clips})
    lines = [
        "# Micro-expressions as flow pictures, one fold per person",
        "",
        f"{real} real and {synthetic} synthetic clips in {folds} leave-one-subject-out folds, label set `{labels}`, "
        "written by me-augment. A picture is the optical flow "
        f"(`{flow}`) from onset to apex of the aligned face: 28x28, red u, green v, blue strain, each channel "
        "stretched to 0..255.",
        "",
        "| folder | class | real | synthetic |",
        "|---|---|---|---|",
        *(
            f"| {index} | {name} | {count.real} | {count.synthetic} |"
            for index, (name, count) in enumerate(classes.items())
        ),
        "",
        "* `norm_u_v_os/<subject>/u_train` and `u_test`: the folds.",
        "* `STSNet_whole_norm_u_v_os`, `combined_datasets_whole`, `combined_3_class2_for_optical_flow.csv`: every "
        "picture once, the face at its apex (224x224), and the table that joins them.",
        "* `flow.npy`: (N, 3, 28, 28) float32, u and v in pixels of the 128x128 crop and strain, before the "
        "stretching that hides how strong a motion is. Row i is row i of `clips.parquet` and `clips.csv`.",
        "* `export.json`: settings, counts per fold, and which clips were left out and why.",
        "",
        "## Training on it",
        "",
        "* File names end in a blank and `.png`, as HTNet looks for them.",
        "* Real clips keep the head motion of the person filmed, synthetic ones (but those made with --driving "
        "filmed) have none: their pictures can be told apart. Compare results with and without the synthetic "
        "clips on the same test folders.",
        "* STSTNet (PyTorch) reads `norm_u_v_os` in the folder it is started in: start it here, or link the folder "
        "there.",
        "* HTNet reads `datasets/three_norm_u_v_os`, which is `norm_u_v_os`, the other two folders below `datasets`, "
        "and the table in the folder it is started in.",
        "* CausalNet reads the same names, but wants three further pictures per clip (`_1`, `_2`, `_3`: apex to "
        "offset, and two direction maps), which are not written here.",
        "* The published loops of these projects score three classes; other label sets need their number changed. "
        "HTNet and CausalNet keep the epoch that does best on the test person: fix the number of epochs before "
        "results are compared.",
        "",
        "## Use without leakage",
        "",
        "A synthetic clip trains the fold of a person only if that person is not among its `forbidden_subjects` "
        "(driver, target, their ancestors, whoever trained the generator); no synthetic clip is in any `u_test`. The "
        "folders keep to that. Whoever makes other splits from the pictures has to keep to it too: the table says "
        "who contributed to each.",
        "",
        "## Terms",
        "",
        "The pictures are derived from the corpora below and fall under their terms; do not pass them on where those "
        "do not allow it. `combined_datasets_whole` shows faces.",
        "",
        *(f"* {corpus}: {licence}" for corpus, licence in terms),
        "",
    ]
    return "\n".join(lines)
