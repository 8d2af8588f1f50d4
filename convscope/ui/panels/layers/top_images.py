"""The images of the data set that excite a channel most, with the part that does it framed. No Qt."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.data.dataset import Dataset
from convscope.engine.interpret.activations.top_images import LIMIT, TopImage, TopImages, top_images
from convscope.engine.models.opened import OpenedModel
from convscope.imaging.image import Image
from convscope.imaging.numerals import numeral
from convscope.jobs.job import Job
from convscope.ui.panel_context import PanelContext

SMALLEST = 96
BEFORE = "; in brackets what its activation was given"

Searched = tuple[OpenedModel, Dataset, str]


class TopImagesViewModel:
    """Looks through the data set for the images that excite the selected channel most.

    Attributes:
        words: what was found, or how to begin.
        ranking: of the images on show.
        pictures: of each, its patch framed; uint8 h×w×3.

    Signals:
        changed: any of it.
    """

    changed = Signal()

    def __init__(self, context: PanelContext) -> None:
        self.context = context
        self.words = ""
        self.ranking: tuple[TopImage, ...] = ()
        self.pictures: list[NDArray[np.uint8]] = []
        self._model: OpenedModel | None = None
        self._path = ""
        self._channel = 0
        self._found: TopImages | None = None
        self._of: Searched | None = None
        self._job: Job | None = None
        context.listen(context.workspace.dataset_changed, self._dataset_changed)
        context.ending.call(self.cancel)
        self._tell()

    @property
    def looking(self) -> bool:
        """Whether it is being looked just now."""
        return self._job is not None

    @property
    def can_look(self) -> bool:
        """Whether there is a data set that was not looked through yet."""
        return self.context.workspace.dataset is not None and not self.looking and self._current() is None

    def show_channel(self, model: OpenedModel | None, path: str, channel: int) -> None:
        """Another channel, layer or model is on show."""
        if model is not self._model or path != self._path:
            self.cancel()
        self._model, self._path, self._channel = model, path, channel
        self._show()

    def look(self) -> None:
        """Go through the data set, in the background; what is found so far is shown."""
        model, dataset, path = self._model, self.context.workspace.dataset, self._path
        if model is None or dataset is None:
            return
        asked = (model, dataset, path)
        self._job = self.context.jobs.submit(
            "long",
            lambda task: top_images(model, dataset, path, task),
            title=f"Top images of {path}",
            key="layers.top",
            on_partial=lambda found: self._show_found(asked, found),
            on_done=lambda found: self._done(asked, found),
            on_failed=self._failed,
            on_cancelled=self._ended,
        )
        self._tell()

    def cancel(self) -> None:
        if self._job is not None:
            self.context.jobs.cancel(self._job)

    def open_fitting_data(self) -> None:
        """Open a shipped data set that fits the model."""
        model = self._model
        spec = model.source.spec if model is not None else ""
        gray = model is not None and model.input_shape[2] == 1
        self.context.open_dataset("fashion" if spec == "garments" else "digits" if gray else "textures")

    def open_image(self, place: int) -> None:
        """Make one of the found images the current one."""
        dataset = self.context.workspace.dataset
        if dataset is not None and place < len(self.ranking):
            index = self.ranking[place].index
            try:
                image = Image(dataset.images.read(index), dataset.images.name(index))
            except UserError as error:
                self.context.report(error)
                return
            self.context.workspace.add_images([image])

    def _dataset_changed(self, _dataset: Dataset | None) -> None:
        self.cancel()
        self._show()

    def _done(self, asked: Searched, found: TopImages) -> None:
        self._job = None
        self._show_found(asked, found)

    def _failed(self, error: BaseException) -> None:
        self._ended()
        if isinstance(error, UserError):
            self.words = error.message
            self.changed.emit()
        else:
            self.context.report(error)

    def _ended(self) -> None:
        self._job = None
        self._tell()

    def _show_found(self, asked: Searched, found: TopImages) -> None:
        self._found, self._of = found, asked
        self._show()

    def _current(self) -> TopImages | None:
        """What was found, if it is of what is on show."""
        model, dataset = self._model, self.context.workspace.dataset
        if self._of is None or model is None or dataset is None:
            return None
        same = self._of[0] is model and self._of[1] is dataset and self._of[2] == self._path
        return self._found if same else None

    def _show(self) -> None:
        found, model, dataset = self._current(), self._model, self.context.workspace.dataset
        if found is None or model is None or dataset is None or self._channel >= len(found.values):
            self._paint((), [])
            return
        self._tell()
        ranking = found.ranking(model, self._channel)
        self.context.jobs.submit(
            "view",
            lambda task: thumbnails(model, dataset, ranking, task),
            title="Drawing the top images",
            key="layers.top_pictures",
            supersede="finish",
            quiet=True,
            on_done=lambda pictures: self._paint(ranking, pictures),
            on_failed=self.context.report,
        )

    def _paint(self, ranking: tuple[TopImage, ...], pictures: list[NDArray[np.uint8]]) -> None:
        self.ranking, self.pictures = ranking, pictures
        self._tell()

    def _tell(self) -> None:
        dataset, found = self.context.workspace.dataset, self._current()
        if dataset is None:
            self.words = "Open a data set to find the images that excite this channel most."
        elif found is not None:
            self.words = (
                f"of {found.looked:,} images of {dataset.title}, those that channel {self._channel} "
                "answers to most; the frame is what its strongest value sees"
                f"{BEFORE if any(one.key != one.value for one in self.ranking) else ''}"
            )
        elif self._job is not None:
            self.words = f"Looking through {dataset.title}…"
        else:
            count = min(LIMIT, len(dataset))
            self.words = f"Look through {count:,} images of {dataset.title} for those that excite it most."
        self.changed.emit()


def thumbnails(
    model: OpenedModel, dataset: Dataset, ranking: tuple[TopImage, ...], task: Task
) -> list[NDArray[np.uint8]]:
    """The images as the network sees them, each with its patch framed; uint8 h×w×3."""
    pictures = []
    for one in ranking:
        task.check()
        image = Image(dataset.images.read(one.index), dataset.images.name(one.index))
        pixels = model.prepare(image).pixels
        colour = np.repeat(pixels[..., None], 3, axis=2) if pixels.ndim == 2 else pixels
        pictures.append(framed(colour, one.box))
    return pictures


def told(one: TopImage) -> str:
    """A value, and in brackets what an activation at its limit made it of."""
    value = numeral(one.value, 4)
    return value if abs(one.key - one.value) <= 1e-6 * abs(one.key) else f"{value} ({numeral(one.key, 3)})"


def framed(pixels: NDArray[np.uint8], box: tuple[int, int, int, int] | None) -> NDArray[np.uint8]:
    """A picture with a frame around a part, enlarged until the frame is thin."""
    share = max(1, -(-SMALLEST // max(pixels.shape[:2])))
    large = np.repeat(np.repeat(pixels, share, axis=0), share, axis=1)
    if box is None:
        return large
    top, left, bottom, right = (n * share for n in box)
    thin = max(1, max(large.shape[:2]) // 112)
    for colour, width in (((0, 0, 0), 3 * thin), ((255, 196, 0), thin)):
        cv2.rectangle(large, (left, top), (right - 1, bottom - 1), colour, width)
    return large
