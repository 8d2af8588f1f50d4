"""Equal pixels whatever the file, and near duplicates: found, told, and kept in one part."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convscope.core.errors import UserError
from convscope.core.paths import cache_dir, resource_path
from convscope.core.task import Cancelled, Task
from convscope.engine.data.dataset import SPLIT_NAMES, Dataset
from convscope.engine.data.decode import read_image
from convscope.engine.data.duplicates import Duplicates, duplicates_of, find_duplicates
from convscope.engine.data.formats.folder import open_folder
from convscope.engine.data.formats.npz import array_dataset
from convscope.engine.data.sets.registry import open_dataset
from convscope.engine.data.similar import alike as module
from convscope.engine.data.similar.alike import Alike, find_alike
from convscope.engine.data.split import SplitSettings

PHOTOS = ("astronaut", "cat", "coffee", "rocket")
Change = Callable[[Image.Image], Image.Image]


def photo(name: str) -> Image.Image:
    """A shipped photograph in RGB, its longer side 240 pixels."""
    with Image.open(resource_path("images", f"{name}.jpg")) as opened:
        small = opened.convert("RGB")
    small.thumbnail((240, 240))
    return small


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two classes of two photographs each."""
    for number, name in enumerate(PHOTOS):
        folder = tmp_path / "own" / ("first", "second")[number // 2]
        folder.mkdir(parents=True, exist_ok=True)
        photo(name).save(folder / f"{name}.png")
    return tmp_path / "own"


def groups(root: Path) -> tuple[list[set[str]], list[set[str]]]:
    """Names of the files of equal pixels, and of those that are nearly so."""
    dataset = open_folder(root)
    found = find_alike(dataset)
    name = dataset.images.name
    return tuple(
        [{Path(name(index)).name for index in group} for group in kind] for kind in (found.equal, found.near)
    )  # type: ignore[return-value]


def test_pictures_that_are_there_once(root: Path) -> None:
    assert groups(root) == ([], [])
    assert find_duplicates(open_folder(root)).summary == "Every image is there once."


@pytest.mark.parametrize("suffix", ["bmp", "tiff", "ppm", "webp"])
def test_a_png_and_its_copy_in_another_format_have_equal_pixels(root: Path, suffix: str) -> None:
    options = {"lossless": True} if suffix == "webp" else {}
    photo("cat").save(root / "second" / f"copy.{suffix}", **options)
    assert groups(root) == ([{"cat.png", f"copy.{suffix}"}], [])


def test_a_jpeg_and_what_was_decoded_from_it_have_equal_pixels(root: Path) -> None:
    """Though the JPEG is shrunk while it is decoded to be looked at."""
    large = photo("coffee").resize((900, 600))
    large.save(root / "first" / "large.jpg", quality=90)
    Image.fromarray(read_image(root / "first" / "large.jpg")).save(root / "second" / "decoded.png")
    equal, near = groups(root)
    assert equal == [{"large.jpg", "decoded.png"}]
    assert near == [{"large.jpg", "decoded.png", "coffee.png"}]


def test_gray_is_the_same_in_three_channels(root: Path) -> None:
    gray = photo("cat").convert("L")
    gray.save(root / "first" / "gray.png")
    gray.convert("RGB").save(root / "second" / "three.bmp")
    assert groups(root)[0] == [{"gray.png", "three.bmp"}]


NEAR: dict[str, Change] = {
    "half as large": lambda image: image.resize((image.width // 2, image.height // 2)),
    "twice as large": lambda image: image.resize((image.width * 2, image.height * 2)),
    "a thumbnail": lambda image: image.resize((96, 96)),
    "brighter": lambda image: image.point(lambda value: min(255, int(value * 1.12))),
    "noisy": lambda image: noisy(image),
    "one value changed": lambda image: one_changed(image),
}


def noisy(image: Image.Image) -> Image.Image:
    """With a standard deviation of 8."""
    values = np.asarray(image, float)
    noise = np.random.default_rng(0).normal(0, 8, values.shape)
    return Image.fromarray(np.clip(values + noise, 0, 255).astype(np.uint8))


def one_changed(image: Image.Image) -> Image.Image:
    """By one, in the middle."""
    values = np.array(image)
    values[values.shape[0] // 2, values.shape[1] // 2, 1] ^= 1
    return Image.fromarray(values)


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize("change", NEAR)
def test_a_changed_copy_is_a_near_duplicate(root: Path, name: str, change: str) -> None:
    NEAR[change](photo(name)).save(root / "second" / "copy.png")
    assert groups(root) == ([], [{f"{name}.png", "copy.png"}])


@pytest.mark.parametrize("quality", [20, 60, 95])
@pytest.mark.parametrize("name", PHOTOS)
def test_saved_as_a_jpeg_it_is_a_near_duplicate(root: Path, name: str, quality: int) -> None:
    photo(name).save(root / "second" / "copy.jpg", quality=quality)
    assert groups(root) == ([], [{f"{name}.png", "copy.jpg"}])


OTHER: dict[str, Change] = {
    "mirrored": lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "turned": lambda image: image.rotate(20),
    "negative": lambda image: image.point(lambda value: 255 - value),
    "other colours": lambda image: Image.merge("RGB", image.split()[::-1]),
    "another part of it": lambda image: image.crop((0, 0, image.width * 2 // 3, image.height * 2 // 3)),
}


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.parametrize("change", OTHER)
def test_another_picture_is_none(root: Path, name: str, change: str) -> None:
    OTHER[change](photo(name)).save(root / "second" / "other.png")
    assert groups(root) == ([], [])


def test_images_of_one_colour_are_alike_only_if_they_are_equal() -> None:
    flat = np.repeat(np.arange(6, dtype=np.uint8), 32 * 32).reshape(6, 32, 32)
    flat[5] = flat[2]
    found = find_alike(array_dataset(flat, np.arange(6) % 2, reference="flat", title="Flat"))
    assert (found.equal, found.near) == (((2, 5),), ())


def test_ten_thousand_digits_are_there_once_and_garments_are_not() -> None:
    """Ones are much alike, yet each was written by itself."""
    assert find_duplicates(open_dataset("digits")).summary == "Every image is there once."
    garments = find_alike(open_dataset("fashion"))
    assert garments.equal == ()
    assert garments.near == ((1928, 3704), (3568, 5448), (5081, 8338, 9664), (11251, 11421))


# -- the search ----------------------------------------------------------------------------------------------


def copies(count: int = 40) -> Dataset:
    """Noise, of which 3 = 17 and 20 = 39 and 8 is nearly 31."""
    pixels = np.random.default_rng(0).integers(0, 256, (count, 32, 32), np.uint8)
    pixels[17], pixels[39] = pixels[3], pixels[20]
    pixels[31] = np.clip(pixels[8].astype(int) + 3, 0, 255)
    return array_dataset(pixels, np.arange(count) % 2, reference="c", title="Copies")


@pytest.mark.parametrize("block", [1, 7, 2048])
def test_all_pairs_are_met_whatever_the_blocks(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(module, "_BLOCK", block)
    monkeypatch.setattr(module, "_PAIRS", 3)
    found = find_alike(copies())
    assert (found.equal, found.near) == (((3, 17), (20, 39)), ((8, 31),))


def test_of_very_many_images_equal_hashes_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ALL_PAIRS", 10)
    assert find_alike(copies()).equal == ((3, 17), (20, 39))


def test_a_film_is_split_as_ever() -> None:
    """Frame after frame the same: kept together, they would be all in one part."""
    pixels = np.repeat(np.random.default_rng(0).integers(0, 200, (1, 32, 32), np.uint8), 60, axis=0)
    pixels[np.arange(60), 0, 0] = np.arange(60)
    pixels[9] = pixels[4]
    film = array_dataset(pixels, np.arange(60) % 2, reference="f", title="Film")
    found = find_alike(film)
    assert found.near == found.crowds == (tuple(range(60)),) and found.together == ((4, 9),)
    split = film.with_alike(found).with_split(SplitSettings(0.2, 0.2, together=True))
    assert len(split.indices("test")) > 8
    assert "60 images resemble one another so closely" in duplicates_of(split).notes[-1]


def soon(task: Task, progress: Callable[..., None], heard: list[str], after: int, *words: object) -> None:
    """Cancelled once so much was told."""
    progress(*words)
    if len(heard) > after:
        task.cancel()


def test_it_tells_how_far_it_is_and_stops_within_a_step(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    task = Task(lambda _fraction, text: told.append(text))
    find_alike(open_folder(root), task)
    assert any(text.startswith("Looking at 0 of 4") for text in told)
    assert any(text.startswith("Comparing 0 of 4") for text in told)
    for after in range(len(told)):
        shutil.rmtree(cache_dir() / "alike", ignore_errors=True)
        heard: list[str] = []

        stopping = Task(lambda _fraction, text, heard=heard: heard.append(text))
        monkeypatch.setattr(stopping, "progress", partial(soon, stopping, stopping.progress, heard, after))
        with pytest.raises(Cancelled):
            find_alike(open_folder(root), stopping)
            # The last step was under way when it was told.
            stopping.check()
        assert len(heard) <= after + 1


# -- on disk -------------------------------------------------------------------------------------------------


def test_files_are_looked_at_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photo("cat").save(root / "second" / "copy.bmp")
    first = find_alike(open_folder(root))
    read: list[str] = []

    def watched(dataset: Dataset) -> Dataset:
        images = dataset.images
        load, one = images.load, images.read
        monkeypatch.setattr(
            images,
            "load",
            lambda chosen, target: (read.extend(map(images.name, chosen)), load(chosen, target))[1],
        )
        monkeypatch.setattr(images, "read", lambda index: (read.append(images.name(index)), one(index))[1])
        return dataset

    again = find_alike(watched(open_folder(root)))
    assert read == [] and (again.equal, again.near) == (first.equal, first.near)
    # A file that changed is looked at anew, and with it only what it may equal.
    photo("coffee").save(root / "second" / "copy.bmp")
    changed = find_alike(watched(open_folder(root)))
    assert set(read) <= {"second/copy.bmp", "second/coffee.png"} and len(changed.equal) == 1
    (file,) = (cache_dir() / "alike").iterdir()
    for damage in (b"", b"PK", file.read_bytes()[:300]):
        file.write_bytes(damage)
        assert find_alike(open_folder(root)).equal == changed.equal


def test_the_newest_folders_are_kept(tmp_path: Path) -> None:
    for number in range(11):
        for label in ("a", "b"):
            folder = tmp_path / str(number) / label
            folder.mkdir(parents=True)
            photo("cat").resize((40, 30)).save(folder / "cat.png")
        find_alike(open_folder(tmp_path / str(number)))
    assert len(list((cache_dir() / "alike").iterdir())) == 8


def test_a_folder_that_has_gone(root: Path) -> None:
    dataset = open_folder(root)
    find_alike(dataset)
    root.rename(root.with_name("away"))
    with pytest.raises(UserError, match="has the folder gone"):
        find_alike(dataset)


# -- in words, and in the split ------------------------------------------------------------------------------


def told(equal: tuple[tuple[int, ...], ...], near: tuple[tuple[int, ...], ...] = ()) -> Duplicates:
    dataset = copies().with_split(SplitSettings(0, 0))
    return duplicates_of(dataset.with_alike(Alike(equal, near)))


def test_they_are_counted_truthfully() -> None:
    assert told((), ()).summary == "Every image is there once."
    assert told(((0, 1),)).summary == "1 pair of equal pixels."
    assert (
        told(((0, 1), (2, 3), (4, 5)), ((6, 7), (8, 9))).summary
        == "3 pairs of equal pixels, 2 near duplicates."
    )
    assert told(((0, 1, 2), (3, 4))).summary == "5 images of equal pixels in 2 groups."
    assert told((), ((0, 1, 2),)).summary == "2 near duplicates."
    # Two of equal pixels and a third that is nearly so: one pair, and one more.
    assert told(((0, 2),), ((0, 1, 2),)).summary == "1 pair of equal pixels, 1 near duplicate."
    assert told(((0, 2),), ((0, 1, 2),)).images == [0, 2, 1]


def test_they_are_kept_in_one_part(root: Path) -> None:
    for number in range(12):
        folder = root / ("first", "second")[number % 2]
        noise = np.random.default_rng(number).integers(0, 256, (24, 24, 3), np.uint8)
        Image.fromarray(noise).save(folder / f"{number}.png")
        Image.fromarray(noise).save(folder / f"{number} copy.bmp")
    plain = open_folder(root)
    for seed in range(6):
        apart = plain.with_split(SplitSettings(0.25, 0.25, seed))
        kept = plain.with_split(SplitSettings(0.25, 0.25, seed, together=True))
        assert [len(kept.indices(part)) for part in SPLIT_NAMES] == [
            len(apart.indices(part)) for part in SPLIT_NAMES
        ]
        assert kept.alike is not None and len(kept.alike.equal) == 12
        assert duplicates_of(kept).across == ()
        assert "12 pairs of equal pixels, kept in one part (" in duplicates_of(kept).notes[0]
        told = find_duplicates(apart)
        assert told.across and "in training and in validation or test too" in told.notes[0]
        again = kept.with_split(SplitSettings(0.1, 0.1, 9)).with_split(kept.split_settings)
        assert all(np.array_equal(again.indices(part), kept.indices(part)) for part in SPLIT_NAMES)


def test_what_is_tested_on_is_left_out_of_training() -> None:
    """Parts that come with the data stay as they are; training loses what they have too."""
    noise = np.random.default_rng(0).integers(0, 256, (20, 24, 24, 3), np.uint8)
    noise[3], noise[5] = noise[16], noise[17]
    whole = array_dataset(noise, np.arange(20) % 2, reference="w", title="W", tested=6)
    kept = whole.with_split(SplitSettings(0.2, 0.2, together=True))
    assert kept.indices("test").tolist() == list(range(14, 20))
    assert not {3, 5} & {int(index) for part in SPLIT_NAMES for index in kept.indices(part)}
    told = duplicates_of(kept)
    assert told.left_out == (3, 5) and told.across == ()
    assert any(
        note.startswith("2 images left out of training, because validation or test") for note in told.notes
    )
