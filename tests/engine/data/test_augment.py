"""Augmentation: exact where it can be worked out, Keras's own layers where they do the same."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.engine.data.augment import affine_map, augment, keras_layers, preview
from convscope.engine.data.augmentation import LECTURE, LIMITS, MILD, Augmentation, parse_augmentation
from convscope.engine.data.images import ArrayImages

STILL = dict.fromkeys(
    ("rotation", "shear", "zoom_x", "zoom_y", "flip_x", "flip_y", "shift_x", "shift_y"), 0.0
) | {"flip_x": 1.0, "flip_y": 1.0}


def scene(height: int = 24, width: int = 32) -> np.ndarray:
    """A smooth picture, so that a small difference in position is a small difference in value."""
    y, x = np.mgrid[:height, :width]
    waves = [128 + 100 * np.sin(x / 5 + phase) * np.cos(y / 6 - phase) for phase in (0, 1, 2)]
    return np.stack(waves, axis=-1).astype(np.uint8)


def moved(image: np.ndarray, a: Augmentation, **drawn: float) -> np.ndarray:
    height, width = image.shape[:2]
    matrix = affine_map(a, STILL | drawn, height, width)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(image, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)


def test_nothing_changes_nothing() -> None:
    batch = scene()[None]
    assert augment(batch, Augmentation(), (0, 0)) is batch
    assert np.array_equal(preview(scene(), Augmentation(), 3), np.repeat(batch, 3, axis=0))


def test_mirrors_and_shifts_are_exact() -> None:
    image = scene()
    flips = Augmentation(flip_horizontal=True, flip_vertical=True)
    assert np.array_equal(moved(image, flips, flip_x=-1), image[:, ::-1])
    assert np.array_equal(moved(image, flips, flip_y=-0.3), image[::-1])
    # A quarter of 32 columns to the right, half of 24 rows up.
    right = moved(image, Augmentation(width_shift=0.25), shift_x=1.0)
    assert np.array_equal(right[:, 8:], image[:, :24])
    assert np.array_equal(right[:, :8], np.repeat(image[:, :1], 8, axis=1))
    up = moved(image, Augmentation(height_shift=0.5), shift_y=-1.0)
    assert np.array_equal(up[:12], image[12:])


def test_a_quarter_turn_of_a_square_is_exact() -> None:
    square = scene(25, 25)
    turned = moved(square, Augmentation(rotation=90), rotation=1.0)
    assert np.array_equal(turned, np.rot90(square, -1))
    assert np.array_equal(moved(square, Augmentation(rotation=90), rotation=-1.0), np.rot90(square))


def test_the_middle_stays_where_it_is() -> None:
    a = Augmentation(rotation=40, shear=0.5, zoom=0.3)
    matrix = affine_map(a, STILL | {"rotation": 0.7, "shear": -0.4, "zoom_x": 1.0, "zoom_y": -1.0}, 11, 21)
    assert matrix @ [10.0, 5.0, 1.0] == pytest.approx([10.0, 5.0])
    # Zooming alone: an output pixel one to the right of the middle shows 1/1.3 to the right.
    zoomed = affine_map(Augmentation(zoom=0.3), STILL | {"zoom_x": 1.0, "zoom_y": -1.0}, 11, 21)
    assert zoomed @ [11.0, 6.0, 1.0] == pytest.approx([10 + 1 / 1.3, 5 + 1 / 0.7])


def test_every_image_gets_its_own_and_the_seed_repeats_them() -> None:
    batch = np.repeat(scene()[None], 6, axis=0)
    first, again, other = (augment(batch, LECTURE, seed) for seed in ((1, 5), (1, 5), (1, 6)))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert len({image.tobytes() for image in first}) == 6
    assert np.array_equal(batch[0], scene())


@pytest.mark.parametrize("channels", [1, 3])
def test_all_of_it_on_gray_and_colour(channels: int) -> None:
    everything = Augmentation(40, 0.2, 0.2, 0.2, 0.2, True, True, 0.2, 0.3, 1.5, 1.0, 0.1, "reflect")
    batch = np.repeat(scene()[None, ..., :channels], 5, axis=0)
    changed = augment(batch, everything, (0, 0))
    assert changed.shape == batch.shape
    assert changed.dtype == np.uint8
    assert len({image.tobytes() for image in changed}) == 5


@pytest.mark.parametrize(
    ("fill", "outside"),
    [("nearest", [10, 10]), ("reflect", [20, 10]), ("wrap", [30, 40]), ("constant", [7, 7])],
)
def test_what_comes_in_from_outside(fill: str, outside: list[int]) -> None:
    """Shifts of at most half of a row of four: wherever the row begins, what stands before it is known."""
    a = Augmentation(width_shift=0.5, fill=fill, fill_value=7)  # type: ignore[arg-type]
    row = np.array([[[10], [20], [30], [40]]], np.uint8)
    batch = np.repeat(row[None], 64, axis=0)
    padded = {"nearest": [10, 10], "reflect": [20, 10], "wrap": [30, 40], "constant": [7, 7]}[fill]
    assert padded == outside
    line = np.array([*outside, 10, 20, 30, 40], float)
    draws = np.random.default_rng((0, 0)).uniform(-1, 1, (64, 13))[:, 6]
    rightward = draws > 0
    shown = augment(batch, a, (0, 0))[rightward, 0, :, 0]
    expected = np.array(
        [np.interp(np.arange(4) + 2 - 2 * draw, np.arange(6), line) for draw in draws[rightward]]
    )
    if fill == "constant":
        expected, shown = expected[:, 2:], shown[:, 2:]
    assert np.abs(shown - expected).max() <= 1.0


def test_light_and_noise_are_as_large_as_told() -> None:
    gray = np.full((400, 16, 16, 1), 100, np.uint8)
    light = augment(gray, Augmentation(brightness=0.2), (0, 0)).astype(float).mean(axis=(1, 2, 3)) - 100
    assert -51 <= light.min() < -45
    assert 45 < light.max() <= 51
    assert abs(light.mean()) < 5
    noisy = augment(gray, Augmentation(noise=0.1), (0, 0)).astype(float)
    assert 0.8 * 25.5 < noisy.std(axis=(1, 2, 3)).max() < 1.15 * 25.5
    assert abs(noisy.mean() - 100) < 1
    steps = np.repeat(np.array([50, 150], np.uint8), 128).reshape(1, 16, 16, 1)
    contrast = augment(np.repeat(steps, 300, axis=0), Augmentation(contrast=0.5), (0, 0)).astype(float)
    spread = contrast.max(axis=(1, 2, 3)) - contrast.min(axis=(1, 2, 3))
    assert contrast.mean(axis=(1, 2, 3)) == pytest.approx(np.full(300, 100), abs=1)
    assert 50 <= spread.min() < 55
    assert 145 < spread.max() <= 150


def test_blur_and_sharpen_go_opposite_ways() -> None:
    image = np.repeat(scene()[None], 8, axis=0)
    image[:, :, 16:] = 255 - image[:, :, 16:]

    def edges(batch: np.ndarray) -> np.ndarray:
        return np.abs(np.diff(batch.astype(float), axis=2)).mean(axis=(1, 2, 3))

    plain = edges(image)
    assert (edges(augment(image, Augmentation(blur=3), (0, 0))) <= plain).all()
    assert (edges(augment(image, Augmentation(sharpen=2), (0, 0))) >= plain).all()


def keras_result(layer: Any, image: np.ndarray) -> np.ndarray:
    return np.asarray(layer(image[None].astype("float32"), training=True))[0]


def test_keras_layers_do_the_same_geometry(runtime: object) -> None:
    """With both ends of Keras's random range at one value, its layers are as certain as ours."""
    import keras

    image = scene(41, 41)
    inner = slice(10, 31)
    fixed = {"fill_mode": "nearest"}
    turned = keras_result(keras.layers.RandomRotation((40 / 360, 40 / 360), **fixed), image)
    ours = [moved(image, Augmentation(rotation=40), rotation=sign) for sign in (-1.0, 1.0)]
    assert min(np.abs(turned - way)[inner, inner].mean() for way in ours) < 0.6
    shifted = keras_result(keras.layers.RandomTranslation((0.2, 0.2), (-0.1, -0.1), **fixed), image)
    by_us = moved(image, Augmentation(width_shift=0.1, height_shift=0.2), shift_x=-1.0, shift_y=1.0)
    assert np.abs(shifted - by_us)[inner, inner].mean() < 0.6
    # Keras's zoom tells how much more of the picture is seen: 0.25 more is a factor of 1/1.25 = 1 − 0.2.
    zoomed = keras_result(keras.layers.RandomZoom((0.25, 0.25), (0.25, 0.25), **fixed), image)
    by_us = moved(image, Augmentation(zoom=0.2), zoom_x=-1.0, zoom_y=-1.0)
    assert np.abs(zoomed - by_us)[inner, inner].mean() < 0.6


def test_the_layers_for_scripts_can_be_made(runtime: object) -> None:
    import keras

    everything = Augmentation(40, 0.2, 0.2, 0.2, 0.2, True, True, 0.2, 0.3, 1.5, 1.0, 0.1, "reflect")
    described = keras_layers(everything)
    assert [name for name, _ in described][:5] == [
        "RandomRotation",
        "RandomTranslation",
        "RandomShear",
        "RandomZoom",
        "RandomFlip",
    ]
    stack = keras.Sequential([getattr(keras.layers, name)(**options) for name, options in described])
    assert stack(scene()[None].astype("float32"), training=True).shape == (1, 24, 32, 3)
    assert keras_layers(Augmentation()) == []


def test_words_become_settings() -> None:
    assert parse_augmentation("lecture") == LECTURE
    assert parse_augmentation("mild") == MILD
    assert parse_augmentation("none").does_nothing
    assert parse_augmentation("rotation=40, zoom=0.2,flip-horizontal,fill=wrap") == Augmentation(
        rotation=40, zoom=0.2, flip_horizontal=True, fill="wrap"
    )
    assert parse_augmentation("mild, rotation=40") == replace(MILD, rotation=40)
    for wrong, said in (
        ("turn=3", "no augmentation called 'turn'"),
        ("zoom=lots", "needs a number"),
        ("zoom=5", "goes from 0 to 0.9"),
        ("fill=magic", "no fill mode"),
    ):
        with pytest.raises(UserError, match=said):
            parse_augmentation(wrong)


@pytest.mark.parametrize("name", LIMITS)
def test_no_setting_goes_beyond_its_limit(name: str) -> None:
    Augmentation(**{name: LIMITS[name]})
    for wrong in (-0.01, LIMITS[name] * 1.01, math.nan):
        with pytest.raises(UserError):
            Augmentation(**{name: wrong})


def test_the_lectures_own() -> None:
    assert (LECTURE.rotation, LECTURE.width_shift, LECTURE.height_shift) == (40, 0.2, 0.2)
    assert (LECTURE.shear, LECTURE.zoom, LECTURE.flip_horizontal, LECTURE.fill) == (0.2, 0.2, True, "nearest")


def test_gray_images_are_previewed_in_colour() -> None:
    pictures = preview(scene()[..., 0], LECTURE)
    assert pictures.shape == (12, 24, 32, 3)
    assert np.array_equal(pictures[..., 0], pictures[..., 2])
    assert ArrayImages(pictures).kind == "arrays"
