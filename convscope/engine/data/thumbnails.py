"""Small pictures of images, for a grid that scrolls through a hundred thousand of them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from convscope.engine.data.images import Images

_BYTES = 64 * 2**20
_UNREADABLE = np.zeros((1, 1, 3), np.uint8)


class Thumbnails:
    """Thumbnails of images, made when asked for, the last 64 MB of them kept. Safe from any thread."""

    def __init__(self, images: Images) -> None:
        self._images = images
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

    def make(self, indices: Sequence[int], size: int) -> list[NDArray[np.uint8]]:
        """Whole images, uint8 H×W×3, read-only, the longer side at most `size`; files on all cores.

        One that is unreadable is a black pixel.
        """
        found = {index: self.kept(index, size) for index in indices}
        missing = [index for index, picture in found.items() if picture is None]
        if missing:
            found.update(zip(missing, self._images.thumbnails(missing, size), strict=True))
        pictures = [_UNREADABLE if (picture := found[index]) is None else picture for index in indices]
        with self._lock:
            for index, picture in zip(indices, pictures, strict=True):
                picture.flags.writeable = False
                if (index, size) not in self._kept:
                    self._kept[(index, size)] = picture
                    self._bytes += picture.nbytes
            while self._bytes > _BYTES:
                self._bytes -= self._kept.popitem(last=False)[1].nbytes
        return pictures
