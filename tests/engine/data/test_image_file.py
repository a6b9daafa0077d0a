"""Reading one image file."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from engine.data.image_file import read_image
from engine.errors import DataError


def test_reading_images_of_any_size(tmp_path: Path) -> None:
    Image.new("RGB", (300, 200), (200, 10, 20)).save(tmp_path / "wide.png")
    assert read_image(tmp_path / "wide.png")[16, 16].tolist() == [200, 10, 20]
    (tmp_path / "text.png").write_text("no image")
    with pytest.raises(DataError, match="not an image"):
        read_image(tmp_path / "text.png")
    with pytest.raises(DataError, match="can't read it"):
        read_image(tmp_path / "none.png")
    with pytest.raises(DataError, match="can't read it"):
        read_image(tmp_path)
