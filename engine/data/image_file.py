"""One image file as the network's input takes it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from engine.data.folder import to_pixels
from engine.errors import DataError


def read_image(path: Path) -> np.ndarray:
    """uint8 (32, 32, 3) of an image file, prepared exactly as the training images of a folder are.

    Raises:
        engine.errors.DataError: it is not there, or no image that Pillow reads.
    """
    try:
        with Image.open(path) as image:
            return np.ascontiguousarray(to_pixels(image).transpose(1, 2, 0))
    except UnidentifiedImageError:
        raise DataError(f"{path}: not an image that Pillow can read.") from None
    except OSError as e:
        raise DataError(f"{path}: can't read it: {e.strerror or e}.") from None
    except Exception as e:  # a damaged file makes decoders raise almost anything
        raise DataError(f"{path}: can't be decoded: {' '.join(str(e).split()) or type(e).__name__}.") from None
