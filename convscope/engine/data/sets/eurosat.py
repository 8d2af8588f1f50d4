"""EuroSAT: what the ground is used for, seen by the satellite Sentinel-2."""

from __future__ import annotations

from convscope.core.task import Task
from convscope.engine.data.dataset import Dataset
from convscope.engine.data.sets.downloads import Archive, DownloadedSet
from convscope.engine.fetch import Remote

TITLE = "EuroSAT"
SUMMARY = "27,000 satellite images of ten uses of land, 64 × 64 RGB; 94 MB to download"

_CLASSES = {
    "AnnualCrop": "annual crop",
    "Forest": "forest",
    "HerbaceousVegetation": "herbaceous vegetation",
    "Highway": "highway",
    "Industrial": "industrial",
    "Pasture": "pasture",
    "PermanentCrop": "permanent crop",
    "Residential": "residential",
    "River": "river",
    "SeaLake": "sea or lake",
}


def _packed(url: str, size: int, sha256: str, folder: str, other: Archive | None = None) -> Archive:
    return Archive(Remote(url, size, sha256), {f"{folder}/{name}/": f"{name}/" for name in _CLASSES}, other)


SET = DownloadedSet(
    "eurosat",
    TITLE,
    "MIT; contains modified Copernicus Sentinel data",
    "Patrick Helber, Benjamin Bischke, Andreas Dengel and Damian Borth, 2019",
    (
        _packed(
            "http://madm.dfki.de/files/sentinel/EuroSAT.zip",
            94_280_567,
            "8ebea626349354c5328b142b96d0430e647051f26efc2dc974c843f25ecf70bd",
            "2750",
            # Its authors have moved it there; the same pictures, packed anew.
            _packed(
                "https://zenodo.org/records/7711810/files/EuroSAT_RGB.zip",
                94_658_721,
                "b4f5b234ecb7d7ff9c6cddb046543b4717c53fd6e9815be6c0e80cc614f51b90",
                "EuroSAT_RGB",
            ),
        ),
    ),
    _CLASSES,
)


def open(task: Task) -> Dataset:
    """From this machine, where it was downloaded to."""
    return SET.open(task)
