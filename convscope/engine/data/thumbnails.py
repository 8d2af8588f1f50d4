"""Small pictures of a data set's images, for a grid that scrolls through a hundred thousand of them."""

from __future__ import annotations

import threading
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from convscope.engine.data.dataset import Dataset
from convscope.engine.data.resize import Target

_BYTES = 64 * 2**20


class Thumbnails:
    """Thumbnails of one data set, made when asked for, the last 64 MB of them kept. Safe from any thread."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._kept: OrderedDict[tuple[int, int], NDArray[np.uint8]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def kept(self, index: int, size: int) -> NDArray[np.uint8] | None:
        """The thumbnail if it is there already; costs nothing."""
        with self._lock:
            found = self._kept.get((index, size))
            if found is not None:
                self._kept.move_to_end((index, size))
            return found

    def thumbnail(self, index: int, size: int) -> NDArray[np.uint8]:
        """One image, whole, centred on black, uint8, size × size × 3, read-only; black if unreadable."""
        found = self.kept(index, size)
        if found is not None:
            return found
        pixels, _ = self._dataset.images.load(np.array([index]), Target(size, size, 3, "pad"))
        picture = pixels[0]
        picture.flags.writeable = False
        with self._lock:
            if (index, size) not in self._kept:
                self._kept[(index, size)] = picture
                self._bytes += picture.nbytes
            while self._bytes > _BYTES:
                self._bytes -= self._kept.popitem(last=False)[1].nbytes
        return picture
