"""Cats and dogs, the photographs of Asirra, as Microsoft publishes them."""

from __future__ import annotations

from convscope.core.task import Task
from convscope.engine.data.dataset import Dataset
from convscope.engine.data.sets.downloads import Archive, DownloadedSet
from convscope.engine.fetch import Remote

TITLE = "Cats and dogs"
SUMMARY = "25,000 photographs of cats and dogs, of many sizes; 825 MB to download"

SET = DownloadedSet(
    "cats_dogs",
    TITLE,
    "CDLA-Permissive 2.0",
    "Asirra, Microsoft Research and Petfinder.com",
    (
        Archive(
            Remote(
                "https://download.microsoft.com/download/3/E/1/3E1C3F21-ECDB-4869-8368-6DEBA77B919F/"
                "kagglecatsanddogs_5340.zip",
                824_887_076,
                "b7974bd00a84a99921f36ee4403f089853777b5ae8d151c76a86e64900334af9",
            ),
            {
                "PetImages/Cat/": "cat/",
                "PetImages/Dog/": "dog/",
                # The licence wants to stay with the pictures.
                "CDLA-Permissive-2.0.pdf": "CDLA-Permissive-2.0.pdf",
            },
        ),
    ),
)


def open(task: Task) -> Dataset:
    """From this machine, where it was downloaded to."""
    return SET.open(task)
