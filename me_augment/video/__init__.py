"""Frames in (image folders, AVI, MP4, MKV, MOV, WebM, GIF, pictures), lossless clips and previews out."""

from me_augment.video.checks import VideoError
from me_augment.video.preview import PREVIEW_COMMENT, write_preview
from me_augment.video.source import FrameSource, open_frames
from me_augment.video.write import write_lossless, write_png_folder

__all__ = [
    "PREVIEW_COMMENT",
    "FrameSource",
    "VideoError",
    "open_frames",
    "write_lossless",
    "write_png_folder",
    "write_preview",
]
