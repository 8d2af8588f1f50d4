"""The picture libraries are not heard, and nobody else's words are lost."""

from __future__ import annotations

import os
import warnings

import pytest

from convscope.imaging.io.quiet import quiet_libpng, quiet_libtiff, quiet_pillow


@pytest.mark.parametrize(
    ("said", "passed_on"),
    [
        (b"libpng warning: iCCP: known incorrect sRGB profile\n", ""),
        (b"libpng error: IDAT: CRC error\n", ""),
        (b"Corrupt JPEG data: bad Huffman code\n", "Corrupt JPEG data: bad Huffman code\n"),
        (b"somebody else\n", "somebody else\n"),
    ],
)
def test_only_libpng_is_not_heard(said: bytes, passed_on: str, capfd: pytest.CaptureFixture[str]) -> None:
    with quiet_libpng():
        os.write(2, said)
    os.write(2, b"after\n")
    assert capfd.readouterr().err == f"{passed_on}after\n"


def test_what_libtiff_says_has_no_pattern(capfd: pytest.CaptureFixture[str]) -> None:
    with quiet_libtiff():
        os.write(2, b"_TIFFVSetField: odd\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


def test_pillow_warns_of_nothing() -> None:
    with quiet_pillow():
        warnings.warn_explicit("odd", UserWarning, "PIL/Image.py", 1, module="PIL.Image")
        with pytest.raises(UserWarning):
            warnings.warn("ours", UserWarning, stacklevel=1)
