"""OpenCV's decoders are heard, and nobody else's words are lost."""

from __future__ import annotations

import contextlib
import io
import os
import threading
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from PIL import Image as PillowImage

from convscope.imaging.quiet import decoders, quiet_libtiff


def damaged_jpeg() -> bytes:
    """Noise, 64×64; the middle third of its bytes is missing."""
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    memory = io.BytesIO()
    PillowImage.fromarray(noise).save(memory, "JPEG", quality=90)
    whole = memory.getvalue()
    third = len(whole) // 3
    return whole[:third] + whole[2 * third :]


def decode(data: bytes) -> None:
    cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


def test_a_complaint_is_heard_and_the_words_of_others_are_passed_on(
    capfd: pytest.CaptureFixture[str],
) -> None:
    os.write(2, b"before\n")
    with decoders.listen() as complained:
        assert not complained()
        os.write(2, b"first\n")
        assert not complained()
        decode(damaged_jpeg())
        assert complained()
        os.write(2, b"second\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "before\nfirst\nsecond\nafter\n"
    with decoders.listen() as complained:
        assert not complained(), "of the last time"


@pytest.mark.parametrize(
    ("said", "harm"),
    [
        (b"Corrupt JPEG data: premature end of data segment\n", True),
        (b"Corrupt JPEG data: bad Huffman code\n", True),
        (b"Corrupt JPEG data: 12 extraneous bytes before marker 0xd3\n", True),
        (b"Premature end of JPEG file\n", True),
        (b"libpng warning: iCCP: known incorrect sRGB profile\n", False),
        (b"Warning: unknown JFIF revision number 2.01\n", False),
    ],
)
def test_what_does_harm(said: bytes, harm: bool, capfd: pytest.CaptureFixture[str]) -> None:
    with decoders.listen() as complained:
        os.write(2, said)
        assert complained() is harm
    assert capfd.readouterr().err == ""


def test_alone_means_that_nobody_else_is_inside() -> None:
    entered, leave, heard = threading.Event(), threading.Event(), []

    def other() -> None:
        with decoders.listen():
            entered.set()
            leave.wait(10)
            heard.append("other")

    def alone() -> None:
        with decoders.listen(alone=True):
            heard.append("alone")

    def run(work: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=work)
        thread.start()
        return thread

    first = run(other)
    assert entered.wait(10)
    second = run(alone)
    second.join(0.05)
    assert heard == []
    leave.set()
    for thread in (first, second):
        thread.join(10)
    assert heard == ["other", "alone"]


def test_two_kinds_of_silence_do_not_get_into_each_others_way(capfd: pytest.CaptureFixture[str]) -> None:
    with contextlib.ExitStack() as first:
        complained = first.enter_context(decoders.listen())
        with contextlib.ExitStack() as second:
            second.enter_context(quiet_libtiff)
            os.write(2, b"TIFFReadDirectory: Warning, unknown field\n")
            first.close()
            os.write(2, b"_TIFFVSetField: odd\n")
    assert not complained()
    os.write(2, b"heard\n")
    assert capfd.readouterr().err == "heard\n"


def test_what_happens_inside_does_not_keep_it_open(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError), decoders.listen(alone=True):
        raise ZeroDivisionError
    with decoders.listen():
        pass
    os.write(2, b"here\n")
    assert capfd.readouterr().err == "here\n"
