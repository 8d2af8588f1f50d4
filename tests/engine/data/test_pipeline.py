"""Batches: the right images in the right order with the right labels, whatever the source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.engine.data.augmentation import LECTURE
from convscope.engine.data.batches import Batches
from convscope.engine.data.dataset import Dataset, make_dataset
from convscope.engine.data.formats.folder import open_folder
from convscope.engine.data.formats.npz import array_dataset
from convscope.engine.data.images import ArrayImages
from convscope.engine.data.pipeline import PipelineSettings, Stream, pipeline, plain
from convscope.engine.data.preprocessing import MODES, RAW
from convscope.engine.data.split import SplitSettings
from convscope.engine.data.throughput import measure_throughput
from convscope.engine.data.thumbnails import Thumbnails

pytestmark = pytest.mark.usefixtures("runtime")


@pytest.fixture(scope="module")
def numbers() -> Dataset:
    """A hundred 4×4 images of which each shows its own number; three classes."""
    x = np.repeat(np.arange(100, dtype=np.uint8), 16).reshape(100, 4, 4)
    return array_dataset(x, np.arange(100) % 3, reference="numbers", title="Numbers").with_split(
        SplitSettings(0.2, 0.1)
    )


def seen(stream: Stream, epoch: int = 0) -> list[int]:
    stream.epoch = epoch
    return [round(float(image[0, 0, 0])) for images, _ in stream.data for image in images.numpy()]


def test_an_epoch_shows_every_image_once_in_an_order_of_its_own(numbers: Dataset) -> None:
    stream = Stream(numbers, "train", PipelineSettings(batch_size=16, preprocessing=RAW, seed=3))
    first, second = seen(stream, 0), seen(stream, 1)
    assert sorted(first) == sorted(second) == numbers.indices("train").tolist()
    assert first != second
    assert seen(stream, 0) == first
    assert first == np.random.default_rng([3, 0]).permutation(numbers.indices("train")).tolist()


def test_only_training_is_shuffled_and_augmented(numbers: Dataset) -> None:
    settings = PipelineSettings(
        batch_size=7, preprocessing=RAW, augmentation=replace(LECTURE, brightness=0.3)
    )
    for part in ("validation", "test"):
        assert seen(Stream(numbers, part, settings)) == numbers.indices(part).tolist()  # type: ignore[arg-type]
    changed = Stream(numbers, "train", settings)
    assert seen(changed, 2) == seen(changed, 2)
    assert sorted(seen(changed, 2)) != numbers.indices("train").tolist()
    assert seen(Stream(numbers, "train", plain(settings))) == numbers.indices("train").tolist()


def test_labels_in_three_ways(numbers: Dataset) -> None:
    for mode, shape, dtype in (("sparse", (8,), "int32"), ("categorical", (8, 3), "float32")):
        settings = PipelineSettings(batch_size=8, label_mode=mode, preprocessing=RAW)  # type: ignore[arg-type]
        images, labels = next(iter(pipeline(numbers, "train", settings)))
        assert (tuple(labels.shape), labels.dtype.name) == (shape, dtype)
        truth = images.numpy()[:, 0, 0, 0].astype(int) % 3
        told = labels.numpy() if mode == "sparse" else labels.numpy().argmax(axis=1)
        assert told.tolist() == truth.tolist()
    with pytest.raises(UserError, match="Binary labels are for two classes; Numbers has 3"):
        pipeline(numbers, "train", PipelineSettings(label_mode="binary"))
    two = array_dataset(numbers.images.pixels, np.arange(100) % 2, reference="", title="Two")  # type: ignore[attr-defined]
    _, labels = next(iter(pipeline(two, "train", PipelineSettings(batch_size=8, label_mode="binary"))))
    assert (tuple(labels.shape), labels.dtype.name) == ((8, 1), "float32")


def test_shorter_and_longer_epochs_lose_no_image(numbers: Dataset) -> None:
    settings = PipelineSettings(batch_size=10, preprocessing=RAW)
    whole = numbers.indices("train").tolist()
    short = Stream(numbers, "train", settings, steps_per_epoch=3)
    rounds = -(-len(whole) // 10)
    shown = [number for epoch in range(rounds) for number in seen(short, epoch)]
    assert sorted(shown) == sorted(whole * 3)
    long = Stream(numbers, "train", settings, steps_per_epoch=rounds + 2)
    assert len(seen(long)) == sum(long.batch_length(0, step) for step in range(long.steps)) > len(whole)


def test_the_length_of_a_batch_is_told_without_making_it() -> None:
    batches = Batches(np.arange(23), 5, steps_per_epoch=7)
    for epoch in range(4):
        for step in range(7):
            assert batches.batch_length(epoch, step) == len(batches.batch_indices(epoch, step))


@pytest.mark.parametrize("mode", MODES)
def test_values_are_the_networks_own(mode: str) -> None:
    x = np.random.default_rng(0).integers(0, 256, (6, 5, 4, 3)).astype(np.uint8)
    colours = array_dataset(x, np.arange(6) % 2, reference="", title="Colours").with_split(
        SplitSettings(0, 0)
    )
    settings = PipelineSettings(batch_size=6, shuffle=False, preprocessing=MODES[mode])
    images, _ = next(iter(pipeline(colours, "train", settings)))
    assert np.allclose(images.numpy(), MODES[mode].apply(x), atol=1e-6)


def test_a_folder_is_decoded_once_where_it_fits_and_each_time_where_not(
    make_folder: Callable[..., Path],
) -> None:
    root = make_folder(cats=9, dogs=9)
    dataset = open_folder(root).with_split(SplitSettings(0, 0))
    settings = PipelineSettings(size=(10, 12), batch_size=4, preprocessing=RAW)
    kept, fresh = (Stream(dataset, "train", replace(settings, cache_mb=mb)) for mb in (1, 0))
    first = np.concatenate([images.numpy() for images, _ in kept.data])
    assert np.array_equal(first, np.concatenate([images.numpy() for images, _ in fresh.data]))
    assert first.shape == (18, 10, 12, 3)
    for file in root.rglob("*.png"):
        file.unlink()
    assert np.array_equal(first, np.concatenate([images.numpy() for images, _ in kept.data]))
    with pytest.raises(Exception, match="None of the images of a batch of photos can be read"):
        list(fresh.data)
    assert isinstance(fresh.error, UserError)


def test_unreadable_files_leave_their_batch_and_labels_stay_right(make_folder: Callable[..., Path]) -> None:
    root = make_folder(cats=6, dogs=6)
    dataset = open_folder(root).with_split(SplitSettings(0, 0))
    (root / "dogs" / "002.png").write_bytes(b"broken since")
    settings = PipelineSettings(batch_size=4, preprocessing=RAW)
    batches = [(images.numpy(), labels.numpy()) for images, labels in pipeline(dataset, "train", settings)]
    assert sum(len(images) for images, _ in batches) == 11
    for images, labels in batches:
        assert (images[:, 5, 5, 0] == 40 * (labels + 1)).all()


def test_what_cannot_be_streamed_is_said(numbers: Dataset, make_folder: Callable[..., Path]) -> None:
    none = numbers.with_split(SplitSettings(0, 0))
    with pytest.raises(UserError, match="no images in its validation part"):
        pipeline(none, "validation")
    files = open_folder(make_folder(cats=2, dogs=2))
    with pytest.raises(UserError, match="differ in size: set a size"):
        pipeline(replace(files, image_size=None), "train")
    for wrong in ({"batch_size": 0}, {"label_mode": "fuzzy"}, {"seed": -1}):
        with pytest.raises(UserError):
            PipelineSettings(**wrong)  # type: ignore[arg-type]


def test_throughput_counts_images(numbers: Dataset) -> None:
    stream = Stream(numbers, "train", PipelineSettings(batch_size=10))
    stream.epoch = 4
    measured = measure_throughput(stream, seconds=60)
    assert measured.images == 2 * len(numbers.indices("train")) - 10
    assert measured.images_per_second > 0
    assert stream.epoch == 4


def test_thumbnails_are_whole_kept_and_a_black_pixel_when_unreadable(
    make_folder: Callable[..., Path],
) -> None:
    root = make_folder(size=(20, 40), cats=2, dogs=1)
    dataset = open_folder(root)
    thumbnails = Thumbnails(dataset.images)
    assert thumbnails.kept(0, 16) is None
    (root / "cats" / "001.png").unlink()
    pictures = thumbnails.make([2, 0, 1], 16)
    assert [picture.shape for picture in pictures] == [(8, 16, 3), (8, 16, 3), (1, 1, 3)]
    assert pictures[1][4, 4].tolist() == [40, 40, 40]
    assert thumbnails.kept(0, 16) is pictures[1] and thumbnails.make([0], 16)[0] is pictures[1]
    assert not pictures[1].flags.writeable
    assert not pictures[2].any() and "cats/001.png" in dataset.images.unreadable
    assert thumbnails.make([0], 100)[0].shape == (20, 40, 3), "nothing is enlarged"


def test_thumbnails_of_arrays_leave_the_array_alone() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 6, 4, 3), np.uint8)
    labels = np.array([0, 1, 0], np.int32)
    dataset = make_dataset("s", "S", ("a", "b"), ArrayImages(pixels), labels, image_size=(6, 4), channels=3)
    pictures = Thumbnails(dataset.images).make([0, 2], 6)
    assert np.array_equal(pictures[1], pixels[2])
    assert pixels.flags.writeable
    assert Thumbnails(dataset.images).make([1], 3)[0].shape == (3, 2, 3)
