"""Rock, paper, scissors: hands, drawn by a computer."""

from __future__ import annotations

from convscope.core.task import Task
from convscope.engine.data.dataset import Dataset
from convscope.engine.data.sets.downloads import Archive, DownloadedSet
from convscope.engine.fetch import Remote

TITLE = "Rock, paper, scissors"
SUMMARY = "2,892 drawn hands, 300 × 300 RGB: 2,520 to train, 372 to test; 230 MB to download"

_SERVER = "https://storage.googleapis.com/download.tensorflow.org/data/"
_CLASSES = ("paper", "rock", "scissors")
SET = DownloadedSet(
    "rock_paper_scissors",
    TITLE,
    "CC BY 2.0",
    "Laurence Moroney, 2019",
    (
        Archive(
            Remote(
                f"{_SERVER}rps.zip",
                200_682_221,
                "c2403444395842ad04c53612bad54b574443eae17a0723117a2ff87b9d72194f",
            ),
            {f"rps/{name}/": f"train/{name}/" for name in _CLASSES},
        ),
        Archive(
            Remote(
                f"{_SERVER}rps-test-set.zip",
                29_516_758,
                "c27ab9fa43ce40b2e453de711365b477f4424586edf0388116674fd320f07503",
            ),
            {f"rps-test-set/{name}/": f"test/{name}/" for name in _CLASSES},
        ),
    ),
)


def open(task: Task) -> Dataset:
    """From this machine, where it was downloaded to."""
    return SET.open(task)
