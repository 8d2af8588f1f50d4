"""Five kinds of flowers, by photographers who share them; TensorFlow's tutorials use them."""

from __future__ import annotations

from convscope.core.task import Task
from convscope.engine.data.dataset import Dataset
from convscope.engine.data.sets.downloads import Archive, DownloadedSet
from convscope.engine.fetch import Remote

TITLE = "Flowers"
SUMMARY = "3,670 photographs of five flowers, of many sizes; 229 MB to download"

_CLASSES = ("daisy", "dandelion", "roses", "sunflowers", "tulips")
SET = DownloadedSet(
    "flowers",
    TITLE,
    "CC BY 2.0",
    "photographers of flickr, each named in its LICENSE.txt; The TensorFlow Team, 2019",
    (
        Archive(
            Remote(
                "http://download.tensorflow.org/example_images/flower_photos.tgz",
                228_813_984,
                "4c54ace7911aaffe13a365c34f650e71dd5bf1be0a58b464e5a7183e3e595d9c",
            ),
            {
                **{f"flower_photos/{name}/": f"{name}/" for name in _CLASSES},
                "flower_photos/LICENSE.txt": "LICENSE.txt",
            },
        ),
    ),
)


def open(task: Task) -> Dataset:
    """From this machine, where it was downloaded to."""
    return SET.open(task)
