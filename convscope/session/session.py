"""What is open now, and the events that tell when it changes."""

from __future__ import annotations

from collections.abc import Iterable

from psygnal import Signal

from convscope.imaging.image import Image
from convscope.session.history import History
from convscope.session.lab import Lab


class Session:
    """One current image out of those that are open, and the kernel lab on it. GUI thread only.

    Signals:
        images_changed: the film strip: tuple of Image, after adding or removing.
        image_changed: the current image: another one, or a new frame of the same source.
        lab_changed: the lab: by an edit, undo or redo.
        history_changed: what undo and redo would do.
    """

    images_changed = Signal(tuple)
    image_changed = Signal(Image)
    lab_changed = Signal(Lab)
    history_changed = Signal()

    def __init__(self, images: Iterable[Image], lab: Lab | None = None) -> None:
        self._images = tuple(images)
        if not self._images:
            raise ValueError("a session always has a current image")
        self._current = 0
        self._history: History[Lab] = History(lab or Lab())

    @property
    def images(self) -> tuple[Image, ...]:
        """All open images, in the order of the film strip."""
        return self._images

    @property
    def current(self) -> int:
        """The index of the current image."""
        return self._current

    @property
    def image(self) -> Image:
        """The current image."""
        return self._images[self._current]

    @property
    def lab(self) -> Lab:
        """The kernel lab's document."""
        return self._history.state

    def add_images(self, images: Iterable[Image]) -> None:
        """Open more images and make the first of them current. A file that is open already is replaced."""
        added = tuple(images)
        if not added:
            return
        paths = {image.path for image in added if image.path is not None}
        kept = tuple(image for image in self._images if image.path not in paths)
        self._images = (*kept, *added)
        self._current = len(kept)
        self.images_changed.emit(self._images)
        self.image_changed.emit(self.image)

    def select_image(self, index: int) -> None:
        """Make another open image the current one."""
        if index != self._current:
            self._current = range(len(self._images))[index]
            self.image_changed.emit(self.image)

    def update_image(self, image: Image) -> None:
        """A new frame for the current place in the strip: a stroke of the pad, a camera's picture."""
        self._images = (*self._images[: self._current], image, *self._images[self._current + 1 :])
        self.images_changed.emit(self._images)
        self.image_changed.emit(image)

    def remove_image(self, index: int) -> None:
        """Close an image; the last one stays open, so that there is always something to see."""
        if len(self._images) == 1:
            return
        was_current = index == self._current
        self._images = self._images[:index] + self._images[index + 1 :]
        if index < self._current or self._current == len(self._images):
            self._current -= 1
        self.images_changed.emit(self._images)
        if was_current:
            self.image_changed.emit(self.image)

    def edit_lab(self, lab: Lab, label: str, merge: str | None = None) -> None:
        """Change the lab by one undoable step; `merge` joins the many steps of one drag."""
        if lab == self.lab:
            return
        self._history.edit(lab, label, merge)
        self._tell()

    @property
    def undo_label(self) -> str | None:
        """What undo would take back, or None."""
        return self._history.undo_label

    @property
    def redo_label(self) -> str | None:
        """What redo would do again, or None."""
        return self._history.redo_label

    def undo(self) -> None:
        """Take the last edit back."""
        if self._history.undo():
            self._tell()

    def redo(self) -> None:
        """Do the edit again that undo took back."""
        if self._history.redo():
            self._tell()

    def _tell(self) -> None:
        self.lab_changed.emit(self.lab)
        self.history_changed.emit()
