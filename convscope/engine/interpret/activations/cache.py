"""The looks taken last are kept: going back to an image or a model shows at once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable

from convscope.core.task import Task
from convscope.engine.interpret.activations.activations import LIMIT, Activations, kept_bytes, look
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.image import Image


class ActivationCache:
    """The looks taken last, so that going back to an image or a model shows at once.

    The key is the model's fingerprint (which changes with any weight) and the image's bytes. Safe to use from
    several threads.

    Args:
        limit: bytes of activations kept in all.
    """

    def __init__(self, limit: int = 2 * LIMIT) -> None:
        self.limit = limit
        self._looks: OrderedDict[Hashable, Activations] = OrderedDict()
        self._prints: dict[int, tuple[OpenedModel, str]] = {}
        self._lock = threading.Lock()

    def look(self, model: OpenedModel, image: Image, task: Task | None = None) -> Activations:
        """As `look`, at once where this was looked at before."""
        key = (
            self._fingerprint(model),
            model.preprocessing,
            image.values.shape,
            hash(image.values.tobytes()),
        )
        with self._lock:
            if key in self._looks:
                self._looks.move_to_end(key)
                return self._looks[key]
        found = look(model, image, task)
        with self._lock:
            self._looks[key] = found
            while len(self._looks) > 1 and self.size() > self.limit:
                self._looks.popitem(last=False)
        return found

    def size(self) -> int:
        """Bytes of all that is kept."""
        return sum(kept_bytes(one) for one in self._looks.values())

    def forget(self, model: OpenedModel) -> None:
        """The model may have been trained: its weights are read again at the next look."""
        with self._lock:
            self._prints.pop(id(model.program), None)

    def clear(self) -> None:
        with self._lock:
            self._looks.clear()
            self._prints.clear()

    def _fingerprint(self, model: OpenedModel) -> str:
        # Reading every weight takes longer than a look; it is done once a model, until it is told otherwise.
        known = self._prints.get(id(model.program))
        if known is None or known[0].program is not model.program:
            known = self._prints[id(model.program)] = (model, model.fingerprint())
            while len(self._prints) > 8:
                self._prints.pop(next(iter(self._prints)))
        return known[1]
