"""Frames in (image folders, AVI, MP4, MKV, MOV, WebM, GIF, pictures), lossless clips and previews out."""

from me_augment.video.checks import VideoError
from me_augment.video.preview import PREVIEW_SUFFIXES, write_preview
from me_augment.video.provenance import PREVIEW_COMMENT, synthetic_comment, synthetic_mark
from me_augment.video.source import FrameSource, open_frames
from me_augment.video.write import write_lossless, write_png_folder

__all__ = [
    "PREVIEW_COMMENT",
    "PREVIEW_SUFFIXES",
    "FrameSource",
    "VideoError",
    "open_frames",
    "synthetic_comment",
    "synthetic_mark",
    "write_lossless",
    "write_png_folder",
    "write_preview",
]
