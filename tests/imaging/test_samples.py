"""The shipped pictures."""

from __future__ import annotations

import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.core.paths import resource_path
from convscope.imaging.samples import load_sample, samples


def test_the_first_is_the_cat() -> None:
    cat = load_sample(samples()[0].name)
    assert samples()[0].name == "cat"
    assert cat.name == "cat.jpg"
    assert cat.values.shape == (300, 451, 3)


def test_every_shipped_picture_is_a_sample_and_opens_as_it_is() -> None:
    assert {sample.path for sample in samples()} == set(resource_path("images").iterdir())
    assert len({sample.name for sample in samples()}) == len({sample.title for sample in samples()}) == 21
    for sample in samples():
        image = load_sample(sample.name)
        # Its photographer used Adobe's colours, and the file says so.
        rocket = "colour profile “Adobe RGB (1998)” became sRGB"
        assert image.notes == ((rocket,) if sample.name == "rocket" else ())
        assert sample.caption.endswith(".") and len(sample.caption) <= 80


def test_digits_and_garments_are_28_by_28() -> None:
    for sample in samples():
        if sample.name.startswith(("digit-", "garment-")):
            values = load_sample(sample.name).values
            assert values.shape == (28, 28)
            # White on black, as the data sets have them.
            assert values[0, 0] == 0 and values.max() > 200


def test_generated_pictures_are_what_they_say() -> None:
    board = load_sample("checkerboard").values
    np.testing.assert_array_equal(board[::32, ::32], np.tile([[255, 0], [0, 255]], (4, 4)))
    plate = load_sample("zone-plate").values
    np.testing.assert_array_equal(plate, plate[::-1])
    np.testing.assert_array_equal(plate, plate.T)
    # cos(π r²/256) with r² = 0.5 at the middle.
    assert plate[128, 128] == round(127.5 + 127.5 * np.cos(np.pi * 0.5 / 256))


def test_an_unknown_sample() -> None:
    with pytest.raises(UserError, match="no sample called 'dog': choose one of cat, coffee"):
        load_sample("dog")
