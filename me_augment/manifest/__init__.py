"""What a clip is: rows, the manifest folder, validation, AU grammar, label sets, folds."""

from me_augment.manifest.rows import Clip, Issue, Recording
from me_augment.manifest.store import Manifest

__all__ = ["Clip", "Issue", "Manifest", "Recording"]
