"""Decoding of one stored image, from its bytes to an array, without loss and without accepting damage."""

import io
import stat
import warnings
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from me_augment.video.checks import MOST_PIXELS, VideoError

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_BIT_DEPTH, _PNG_COLOUR_TYPE = 24, 25  # offsets into the file: IHDR is always the first chunk
_PNG_GRAY_TYPES = (0, 4)
_EXIF_ORIENTATION = 0x0112
_MOST_BYTES = 1 << 30


def read_image(path: Path, upright: bool = False) -> np.ndarray:
    """Read an image file as (H, W) where it stores one channel, else (H, W, 3) RGB.

    Samples are uint8, or uint16 for 16-bit PNG. Alpha is dropped and palettes become RGB. `upright` applies
    the EXIF orientation; without it the pixels come as stored. Raises VideoError where the file cannot be
    read, is damaged or ends early.
    """
    data = read_whole(path)
    try:
        return _decode(data, upright)
    # Pillow reports damage by OSError, SyntaxError, ValueError, struct.error and others.
    except Exception as error:
        raise VideoError(
            f"{path} is damaged or no JPEG, PNG or BMP image ({error}); restore it from the corpus"
        ) from error


def read_whole(path: Path) -> bytes:
    """The content of a picture's file; raises VideoError where it is none, or larger than any picture."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):  # a pipe would be waited for, and a device has no end
            raise VideoError(f"{path} is a pipe, a device or a folder and no file; remove it or put the picture there")
        if found.st_size > _MOST_BYTES:
            raise VideoError(f"{path} has {found.st_size / 1e9:.1f} GB, more than any picture; remove it")
        return path.read_bytes()
    except OSError as error:
        raise VideoError(f"{path} could not be read: {error.strerror}; check that it exists and is yours") from error


def open_picture(data: bytes, formats: tuple[str, ...]) -> Image.Image:
    """Pillow's picture, not decoded yet; raises ValueError for other content and for more than MOST_PIXELS."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            return Image.open(io.BytesIO(data), formats=formats)
        except UnidentifiedImageError as error:  # whose text names an address in memory
            raise ValueError("its content is of another kind") from error
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            raise ValueError(f"its header claims more than {MOST_PIXELS / 1e6:.0f} megapixels") from error


def _decode(data: bytes, upright: bool) -> np.ndarray:
    if data.startswith(_PNG_SIGNATURE):
        with open_picture(data, ("PNG",)) as image:
            image.verify()  # the checksums, which decoding alone does not compare
    with open_picture(data, ("JPEG", "PNG", "BMP")) as image:
        orientation = image.getexif().get(_EXIF_ORIENTATION, 1) if upright else 1
        if image.format == "PNG" and data[_PNG_BIT_DEPTH] == 16:
            return _turn(_decode_png16(data), orientation)
        if image.mode in ("1", "L", "LA"):
            return _turn(np.array(image.convert("L")), orientation)
        return _turn(np.array(image.convert("RGB")), orientation)


def _decode_png16(data: bytes) -> np.ndarray:
    # Pillow reduces 16-bit RGB to 8 bits, OpenCV does not.
    array = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if array is None or array.dtype != np.uint16:
        raise ValueError("its 16-bit samples cannot be decoded")
    if array.ndim == 2:
        return array
    if data[_PNG_COLOUR_TYPE] in _PNG_GRAY_TYPES:
        return np.ascontiguousarray(array[..., 0])
    return np.ascontiguousarray(array[..., 2::-1])  # BGR or BGRA to RGB


def _turn(array: np.ndarray, orientation: int) -> np.ndarray:
    # EXIF: 2 to 8 are a mirror, a turn, or a mirror followed by a turn; anything else is upright.
    if orientation in (2, 4, 5, 7):
        array = array[:, ::-1]
    turns = {3: 2, 4: 2, 5: 1, 6: 3, 7: 3, 8: 1}.get(orientation, 0)
    return np.ascontiguousarray(np.rot90(array, turns))
