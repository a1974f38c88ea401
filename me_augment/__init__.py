"""me-augment: labelled micro-expressions on other faces, for corpora that are too small.

The names below are loaded when they are first used, so that `import me_augment` and the command line stay quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from me_augment.dataset import MicroExpressionDataset, Sample
    from me_augment.manifest import Clip, Manifest, Recording

_HOME = {
    "Clip": "me_augment.manifest",
    "Manifest": "me_augment.manifest",
    "MicroExpressionDataset": "me_augment.dataset",
    "Recording": "me_augment.manifest",
    "Sample": "me_augment.dataset",
}
__all__ = ["Clip", "Manifest", "MicroExpressionDataset", "Recording", "Sample"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
