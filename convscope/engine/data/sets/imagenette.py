"""Imagenette: ten things of ImageNet that are easily told apart, their shorter side 160 pixels."""

from __future__ import annotations

from convscope.core.task import Task
from convscope.engine.data.dataset import Dataset
from convscope.engine.data.sets.downloads import Archive, DownloadedSet
from convscope.engine.fetch import Remote

TITLE = "Imagenette"
SUMMARY = "13,394 photographs of ten things of ImageNet, 160 pixels: 9,469 to train; 99 MB to download"

# ImageNet's numbers of them.
_THINGS = {
    "n01440764": "tench",
    "n02102040": "English springer",
    "n02979186": "cassette player",
    "n03000684": "chain saw",
    "n03028079": "church",
    "n03394916": "French horn",
    "n03417042": "garbage truck",
    "n03425413": "gas pump",
    "n03445777": "golf ball",
    "n03888257": "parachute",
}
SET = DownloadedSet(
    "imagenette",
    TITLE,
    "Apache 2.0; the photographs are ImageNet's, for research",
    "Jeremy Howard, fast.ai",
    (
        Archive(
            Remote(
                "https://s3.amazonaws.com/fast-ai-imageclas/imagenette2-160.tgz",
                99_003_388,
                "64d0c4859f35a461889e0147755a999a48b49bf38a7e0f9bd27003f10db02fe5",
            ),
            {
                f"imagenette2-160/{part}/{number}/": f"{part}/{number}/"
                for part in ("train", "val")
                for number in _THINGS
            },
        ),
    ),
    _THINGS,
)


def open(task: Task) -> Dataset:
    """From this machine, where it was downloaded to."""
    return SET.open(task)
