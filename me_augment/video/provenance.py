"""What files say of themselves: the comment that names this tool, and says that what is seen is synthetic or a preview.

A comment is one line of text without time, path or person, so that equal pictures stay equal files.
"""

import os
import struct
import zlib
from pathlib import Path

import av
from PIL import ExifTags, Image

import me_augment

PREVIEW_COMMENT = "preview: lossy, not for measurement"
"""In every preview."""

_TOOL = f"me-augment {me_augment.__version__}"
_PNG_SIGNATURE, _JPEG_START = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
_HEADER_END = 33  # of a PNG: its signature (8) and the chunk that comes first, IHDR (25)
_LONGEST = 120
_PILLOWS = (".png", ".gif", ".webp", ".jpg", ".jpeg")


def synthetic_comment(made_by: str | None = None, what: str = "micro-expression") -> str:
    """Of a file that shows what nobody did: the tool, its version and, where it is one, the generator and its version.

    Args:
        made_by: name and version of the generator, such as `warp 2`; of other text what is printable, shortened.
        what: is synthetic, in a few words without semicolon.
    """
    named = "".join(letter for letter in made_by or "" if letter.isprintable() and letter != ";")[:_LONGEST]
    return f"synthetic {what}, {_TOOL}" + (f", generator {named}" if named else "")


def preview_comment(synthetic: str | None = None) -> str:
    """Of a preview; `synthetic` is the `synthetic_comment` of what it shows."""
    return f"{PREVIEW_COMMENT}; {synthetic or _TOOL}"


def commented(picture: bytes, comment: str) -> bytes:
    """An encoded PNG or JPEG with a comment in it (`Description`, or the comment segment); other bytes as they are."""
    text = comment.encode("latin-1", "replace")
    if picture.startswith(_PNG_SIGNATURE):
        chunk = b"tEXtDescription\0" + text
        sized = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        return picture[:_HEADER_END] + sized + picture[_HEADER_END:]
    if picture.startswith(_JPEG_START):
        return _JPEG_START + b"\xff\xfe" + struct.pack(">H", len(text) + 2) + text + picture[2:]
    return picture


def exif_of(comment: str) -> Image.Exif:
    """The comment as the description of a picture, for formats that keep it there (WebP)."""
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = comment
    exif[ExifTags.Base.Software] = _TOOL
    return exif


def synthetic_mark(path: Path) -> str | None:
    """The comment of a file, or of the first one in a folder, that says it is synthetic; None where nothing says so.

    Only the beginning of a file is read. Nothing follows from None: a comment is lost where a file is written anew.
    """
    if path.is_dir():
        with os.scandir(path) as entries:
            names = sorted(entry.name for entry in entries if Path(entry.name).suffix.lower() in _PILLOWS)
        return synthetic_mark(path / names[0]) if names else None
    comment = _comment(path)
    return comment if comment.startswith("synthetic ") or "; synthetic " in comment else None


def _comment(path: Path) -> str:
    try:
        if path.suffix.lower() in _PILLOWS:
            with Image.open(path) as image:
                words = [image.info.get(key, "") for key in ("Description", "comment")]
                if image.format == "WEBP":  # of a PNG this would decode the picture
                    words.append(image.getexif().get(ExifTags.Base.ImageDescription, ""))
            texts = (word.decode("latin-1") if isinstance(word, bytes) else str(word) for word in words)
            return next((text for text in texts if text), "")
        # A Python file rather than a name, which FFmpeg might take for a protocol.
        with path.open("rb") as file, av.open(file, "r") as container:
            tags = {key.lower(): value for key, value in container.metadata.items()}
            return tags.get("comment", "")
    except (OSError, ValueError, SyntaxError, struct.error, av.FFmpegError, Image.DecompressionBombError):
        return ""  # whoever reads the pictures says what is wrong with the file
