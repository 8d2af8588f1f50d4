"""One image, augmented twelve times, in a grid of four by three; it follows the sliders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QSize, Signal
from PySide6.QtWidgets import QSizePolicy

from convscope.core.task import Task
from convscope.jobs.jobs import Jobs
from convscope.ui import naming, theme
from convscope.ui.canvas.mosaic_view import GAP, MosaicView

if TYPE_CHECKING:
    from convscope.engine.data.augmentation import Augmentation
    from convscope.engine.data.dataset import Dataset
    from convscope.engine.data.pipeline import PipelineSettings
    from convscope.engine.data.resize import Target

COUNT, COLUMNS, ROWS = 12, 4, 3
# A longer side than this is brought down for the preview, and said so.
LARGEST = 224
UNKNOWN_SIDE = 160


@dataclass(frozen=True, eq=False)
class Previewed:
    """What came of a request.

    Attributes:
        images, index, target: of which image, brought to what.
        original: uint8, H×W or H×W×3, at the target's size.
        pictures: uint8, 12 × H × W × 3.
    """

    images: object
    index: int
    target: Target
    original: NDArray[np.uint8]
    pictures: NDArray[np.uint8]


class PreviewGrid(MosaicView):
    """Twelve pictures in four columns and three rows."""

    def __init__(self) -> None:
        super().__init__(photographs=True)
        naming.give(self, "data.preview", "The same image, augmented twelve times")
        self._shape_shown = 1.0
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_pictures(self, pictures: NDArray[np.uint8]) -> None:
        height, width = pictures.shape[1:3]
        self.set_maps(list(pictures), sizes=[(height, width)] * len(pictures))
        # Beyond these the rows would push the sliders out.
        shape = min(1.25, max(0.4, height / width))
        if shape != self._shape_shown:
            self._shape_shown = shape
            self.updateGeometry()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        tile = (width + GAP) // COLUMNS - GAP
        return ROWS * (int(tile * self._shape_shown) + GAP) - GAP + 1

    def sizeHint(self) -> QSize:
        width = COLUMNS * theme.scaled(72)
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        return QSize(COLUMNS * theme.scaled(40), ROWS * theme.scaled(16))


class Previewer(QObject):
    """Augments one image off the GUI thread, the latest request only.

    Signals:
        ready: a `Previewed`.
        failed: the exception.
    """

    ready = Signal(object)
    failed = Signal(object)

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._last: Previewed | None = None

    def request(
        self,
        dataset: Dataset,
        index: int,
        settings: PipelineSettings,
        augmentation: Augmentation,
        seed: int,
    ) -> None:
        """Augment this image as training would see it."""
        last = self._last

        def work(task: Task) -> Previewed:
            from convscope.engine.data.augment import preview
            from convscope.engine.data.images import load_one

            target = preview_target(dataset, settings)
            if last is not None and (last.images, last.index, last.target) == (dataset.images, index, target):
                original = last.original
            else:
                original = load_one(dataset.images, index, target)
            task.check()
            pictures = preview(original, augmentation, COUNT, seed)
            return Previewed(dataset.images, index, target, original, pictures)

        self._jobs.submit(
            "imaging",
            work,
            title="Augmenting",
            key="data.preview",
            supersede="finish",
            quiet=True,
            on_done=self._done,
            on_failed=self.failed.emit,
        )

    def _done(self, previewed: Previewed) -> None:
        self._last = previewed
        self.ready.emit(previewed)


def preview_target(dataset: Dataset, settings: PipelineSettings) -> Target:
    """What the previewed image is brought to: the network's input, at most `LARGEST` pixels a side."""
    from convscope.engine.data.resize import Target

    height, width = settings.size or dataset.image_size or (UNKNOWN_SIDE, UNKNOWN_SIDE)
    share = min(1.0, LARGEST / max(height, width))
    size = max(1, round(height * share)), max(1, round(width * share))
    return Target(*size, settings.channels or dataset.channels, settings.fit)
