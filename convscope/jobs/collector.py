"""Python's garbage collector, kept to the GUI thread."""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

from convscope.core.process_state import collection

INTERVAL = 250  # milliseconds
GROWTH = 1.25  # what CPython, too, lets the oldest generation grow by before it goes through all of it


class Collector(QObject):
    """Collects rings of objects on the thread that made this object, and lets no other thread do so.

    CPython collects on whichever thread happens to allocate. On a worker's that may end a Qt object: it then
    holds the object's signal lock and waits for the interpreter, while the GUI thread holds the interpreter
    and waits for that lock, for ever. (pyqtgraph's `GarbageCollector` is there for the same reason.)

    The generations, their thresholds and the restraint before a full collection are CPython's own.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._kept = 0
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL)
        self._timer.timeout.connect(self.collect)
        self._timer.start()
        collection.stop()

    def stop(self) -> None:
        """Leave collecting to CPython again, once nobody else collects here."""
        if self._timer.isActive():
            self._timer.stop()
            collection.resume()

    def collect(self) -> None:
        """Collect the generations that have filled up."""
        # A library may have switched it on for its own ends.
        gc.disable()
        young, middle, old = gc.get_count()
        limits = gc.get_threshold()
        if young <= limits[0]:
            return
        if middle <= limits[1]:
            gc.collect(0)
        elif old <= limits[2] or len(gc.get_objects(generation=2)) <= GROWTH * self._kept:
            gc.collect(1)
        else:
            gc.collect(2)
            self._kept = len(gc.get_objects(generation=2))
