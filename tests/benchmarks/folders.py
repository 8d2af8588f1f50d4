"""Folders of pictures: images per second against Keras 2's generator, and memory with 100,000 files."""

from __future__ import annotations

import os
import sys
import tempfile
import warnings
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.apart import apart, peak
from tests.benchmarks.registry import Case, Reading, benchmark


def photographs(root: Path, count: int, height: int = 375, width: int = 500) -> None:
    """Crops of the shipped photographs as JPEG files, in two classes; of the size that pets come in."""
    from PIL import Image

    from convscope.core.paths import resource_path

    random = np.random.default_rng(0)
    pictures = []
    for name in ("cat.jpg", "coffee.jpg"):
        with Image.open(resource_path("images", name)) as opened:
            pictures.append(opened.convert("RGB").resize((width + 60, height + 60)))
    for label, name in enumerate(("cats", "dogs")):
        (root / name).mkdir(parents=True)
        for number in range(count // 2):
            left, top = random.integers(0, 60, 2).tolist()
            crop = pictures[label].crop((left, top, left + width, top + height))
            crop.save(root / name / f"{number}.jpg", quality=90)


def pipeline(augmented: bool, cached: bool) -> Callable[[bool], Case]:
    """One round through a folder of 500×375 photographs, at 150×150 in batches of 32."""

    def make(small: bool) -> Case:
        from convscope.engine import runtime

        runtime.start()
        from tf_keras.preprocessing.image import ImageDataGenerator

        from convscope.engine.data.augmentation import LECTURE
        from convscope.engine.data.formats.folder import open_folder
        from convscope.engine.data.pipeline import PipelineSettings, Stream
        from convscope.engine.data.split import SplitSettings

        folder = tempfile.TemporaryDirectory()
        root, count = Path(folder.name), 32 if small else 320
        photographs(root, count)
        dataset = open_folder(root).with_split(SplitSettings(validation=0, test=0))
        settings = PipelineSettings(
            size=(150, 150),
            batch_size=32,
            label_mode="binary",
            augmentation=LECTURE if augmented else None,
            cache_mb=512 if cached else 0,
        )
        stream = Stream(dataset, "train", settings)
        weakref.finalize(stream, folder.cleanup)
        changes: dict[str, Any] = {
            "rotation_range": 40,
            "width_shift_range": 0.2,
            "height_shift_range": 0.2,
            "shear_range": 11.3,  # degrees: 0.2 pixels to the side for each pixel down
            "zoom_range": 0.2,
            "horizontal_flip": True,
            "fill_mode": "nearest",
        }
        generator = ImageDataGenerator(rescale=1 / 255, **(changes if augmented else {}))
        flow = generator.flow_from_directory(
            str(root),
            target_size=(150, 150),
            batch_size=32,
            class_mode="binary",
            seed=0,
            interpolation="bilinear",
        )

        def ours() -> tuple[int, float]:
            stream.epoch += 1
            return _seen((images.numpy(), labels.numpy()) for images, labels in stream.data)

        def reference() -> tuple[int, float]:
            with warnings.catch_warnings():
                # It calls SciPy by an old name.
                warnings.simplefilter("ignore", DeprecationWarning)
                return _seen(flow[number] for number in range(len(flow)))

        def check(one: tuple[int, float], other: tuple[int, float]) -> None:
            assert one[0] == other[0] == count
            # The same photographs; what comes in from outside differs by the random draws.
            np.testing.assert_allclose(one[1], other[1], atol=0.05 if augmented else 0.01)

        return Case(ours, reference, check)

    return make


def _seen(batches: Any) -> tuple[int, float]:
    """How many images came, and the mean of their values."""
    count, total = 0, 0.0
    for images, labels in batches:
        assert images.shape[1:] == (150, 150, 3)
        assert len(images) == len(labels)
        count += len(images)
        total += float(images[:, ::15, ::15].mean()) * len(images)
    return count, total / count


_NAME = "folder of 500×375 JPEG to 150×150"
_THIRD = {"target": "≤ 1/3 × ImageDataGenerator (3 times the images a second)", "most": 1 / 3}
benchmark(f"{_NAME}, the lectures' augmentation", **_THIRD)(pipeline(augmented=True, cached=False))  # type: ignore[arg-type]
benchmark(f"{_NAME}, no augmentation", target="none; × ImageDataGenerator")(
    pipeline(augmented=False, cached=False)
)
benchmark(f"{_NAME}, augmentation, second epoch from the cache", **_THIRD)(
    pipeline(augmented=True, cached=True)
)  # type: ignore[arg-type]


@benchmark(
    "memory of a folder of 100,000 files: opened, split, hashed for a run, a batch read",
    target="≤ 80 MB",
    most=80,
)
def hundred_thousand(small: bool) -> Reading:
    """Peak resident memory above what the process had before."""
    return Reading(apart("folders", 1000 if small else 100_000)[0], "MB")


def _main(count: int) -> float:
    from convscope.engine.data.formats.folder import open_folder
    from convscope.engine.data.resize import Target
    from convscope.engine.data.thumbnails import Thumbnails
    from convscope.engine.training.data import data_fingerprint

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        photographs(root / "originals", 40, 36, 48)
        originals = sorted((root / "originals").rglob("*.jpg"))
        for label in range(10):
            (root / "data" / f"class {label}").mkdir(parents=True)
            for number in range(count // 10):
                # Links, so that it is the number of files that is measured and not the disk.
                os.link(
                    originals[(number + label) % 40],
                    root / "data" / f"class {label}" / f"image {number:06}.jpg",
                )
        # What is imported and started for any folder is there before.
        warm = open_folder(root / "originals")
        warm.images.load(np.arange(32), Target(28, 28, 3))
        before = peak()
        dataset = open_folder(root / "data")
        assert len(dataset) == count
        data_fingerprint(dataset)
        dataset.images.load(dataset.indices("train")[:64], Target(28, 28, 3))
        thumbnails = Thumbnails(dataset.images)
        thumbnails.make(range(0, count, max(1, count // 200)), 96)
        return peak() - before


if __name__ == "__main__":
    print(_main(int(sys.argv[1])))
