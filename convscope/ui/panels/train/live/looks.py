"""Live looks into the network: its first kernels, a layer's maps of one image, its word on some images."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.interpret.activations.nothing import is_blank
from convscope.imaging.colormaps import apply_colormap
from convscope.ui import theme
from convscope.ui.canvas.late import LATE_MS
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.canvas.veil import Veil
from convscope.ui.forms.form import caption, combo, row
from convscope.ui.panels.train.desk import Desk
from convscope.ui.panels.train.live.samples_view import SamplesView
from convscope.ui.panels.train.settings.plan import Finished, Prepared

if TYPE_CHECKING:
    from convscope.engine.models.opened import OpenedModel
    from convscope.engine.training.control import Watch
    from convscope.engine.training.snapshots import Snapshot

MOST_KERNELS, MOST_MAPS, LARGEST_MAP = 64, 64, 64
CURRENT = -1
OTHERS = "Working: these are the maps of what was chosen before"


class Looks(QWidget):
    """The column right of the charts; it changes while the network learns.

    Args:
        desk: tells of the training.
    """

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("train.looks")
        self.desk = desk
        self._prepared: Prepared | None = None
        self._trained: OpenedModel | None = None
        self._current: NDArray[np.float32] | None = None
        self._image_trouble = ""
        # The layer and the image of the maps on show.
        self._shown: tuple[str | None, NDArray[np.float32] | None] | None = None
        # The samples, the number of the one whose maps are wanted, and that one: told apart by identity.
        self._pictured: tuple[object, int, NDArray[np.float32] | None] = (None, CURRENT, None)
        self._build()
        desk.trainer.began.connect(lambda _plan: self._forget())
        desk.trainer.prepared.connect(self._prepare)
        desk.trainer.looked.connect(self._show)
        desk.trainer.finished.connect(self._ended)
        desk.trainer.state_changed.connect(lambda _state: self._offer())
        desk.context.workspace.image_changed.connect(self._image_changed)

    def shutdown(self) -> None:
        """Take no more events."""
        self._lateness.stop()
        self.desk.context.workspace.image_changed.disconnect(self._image_changed)

    # Inside

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        self.kernel_words = theme.label("First layer’s kernels", "heading")
        self.kernels = MosaicView()
        self.kernels.setObjectName("train.kernels")
        self.kernels.setAccessibleName("First layer’s kernels")
        self.layer = combo("train.layer", "Layer whose maps are shown", ())
        self.layer.activated.connect(lambda _index: self._watch())
        self.layer.currentTextChanged.connect(self.layer.setToolTip)
        self.image = combo("train.image", "Image whose maps are shown", (), "Image")
        self.image.activated.connect(lambda _index: self._image_chosen())
        self.maps = MosaicView()
        self.maps.setObjectName("train.maps")
        self.maps.setAccessibleName("Feature maps")
        self.veil = Veil(self.maps, "train.maps.veil")
        self._lateness = QTimer(self)
        self._lateness.setSingleShot(True)
        self._lateness.setInterval(LATE_MS)
        self._lateness.timeout.connect(lambda: self.veil.set_words(OTHERS))
        self.samples = SamplesView()
        self.samples.chosen.connect(self._sample_chosen)
        self.trouble = caption("train.look_trouble")
        self.trouble.hide()
        column.addWidget(self.kernel_words)
        column.addWidget(self.kernels, 1)
        column.addSpacing(theme.GRID)
        # Looking takes a small share of the time: of a slow network what is on show may be minutes old.
        self.step = theme.with_figures(caption("train.look_step"))
        self.step.setWordWrap(False)
        column.addLayout(row(theme.label("Feature maps", "heading"), None, self.step))
        # Layers have long names: a line for each.
        column.addWidget(self.layer)
        column.addWidget(self.image)
        column.addWidget(self.trouble)
        column.addWidget(self.maps, 1)
        column.addSpacing(theme.GRID)
        column.addWidget(theme.label("What it says of images that it does not train on", "heading"))
        column.addWidget(self.samples)

    def _forget(self) -> None:
        self._prepared = self._trained = self._shown = None
        self._image_trouble = ""
        self._offer()
        self._say("")
        self.step.setText("")
        self._answered()
        self.samples.set_samples((), (), ())
        self.kernels.set_maps([])
        self.maps.set_maps([])

    def _prepare(self, prepared: Prepared) -> None:
        self._prepared = prepared
        chosen = self.layer.currentData() or self.desk.context.workspace.layer
        self.layer.clear()
        for info in prepared.model.layers:
            # Maps have rows, columns and channels.
            if info.kind != "InputLayer" and info.shape is not None and len(info.shape) == 3:
                self.layer.addItem(f"{info.path}  {'×'.join(map(str, info.shape))}", info.path)
        self.layer.setCurrentIndex(max(0, self.layer.findData(chosen)))
        pictured = self.image.currentData()
        self.image.clear()
        self.image.addItem("", CURRENT)
        self._name_current()
        samples = prepared.samples
        classes = prepared.dataset.classes
        if samples is not None:
            self.samples.set_samples(samples.pixels, samples.labels, classes)
            for number, label in enumerate(samples.labels):
                self.image.addItem(f"sample, {classes[label]}", number)
        self.image.setCurrentIndex(max(0, self.image.findData(pictured)))
        self._current = None
        self._offer()
        self._image_chosen()

    def _sample_chosen(self, row: int) -> None:
        self.image.setCurrentIndex(self.image.findData(row))
        self._image_chosen()

    def _name_current(self) -> None:
        name = self.desk.context.workspace.image.name
        self.image.setItemText(self.image.findData(CURRENT), f"current, {name}")
        self.image.setToolTip("Whose maps are shown; the current image is that of the strip below")

    def _offer(self) -> None:
        """There is something to choose while a network is there to look into."""
        on = self._prepared is not None and (self.desk.trainer.active or self._trained is not None)
        self.layer.setEnabled(on)
        self.image.setEnabled(on)

    def _ended(self, finished: Finished) -> None:
        """The network that came out can be looked into as it was while it learned."""
        self._trained = finished.trained.model
        self._offer()
        self._watch()

    def _image_chosen(self) -> None:
        self._image_trouble = ""
        if self.image.currentData() == CURRENT:
            self._ask_current()
        else:
            self._watch()

    def _image_changed(self, _image: object) -> None:
        if self._prepared is None:
            return
        self._name_current()
        if self.image.currentData() == CURRENT:
            self._image_chosen()

    def _ask_current(self) -> None:
        """The current image as the network sees it; made in a worker."""
        if self._prepared is None:
            return
        model, image = self._prepared.model, self.desk.context.workspace.image

        def work(_task: Task) -> Any:
            return model.prepare(image).batch

        def done(batch: NDArray[np.float32]) -> None:
            if self._prepared is not None and self._prepared.model is model:
                self._current = batch
                self._watch()

        self.desk.context.jobs.submit(
            "imaging",
            work,
            title="Preparing the image",
            key="train.image",
            supersede="finish",
            quiet=True,
            on_done=done,
            on_failed=self._failed,
        )

    def _failed(self, error: BaseException) -> None:
        if not isinstance(error, UserError):
            self.desk.context.report(error)
            return
        self._current, self._image_trouble = None, error.message
        self.maps.set_maps([])
        self._shown = None
        self._answered()
        self._say(error.message)
        self._watch()

    def _watch(self) -> None:
        """Tell the training thread what to look at; nothing while nobody sees it. Afterwards look once."""
        from convscope.engine.training.control import Watch

        prepared, trainer = self._prepared, self.desk.trainer
        if prepared is not None and self._shown is not None and not self._image_trouble:
            if self._is_shown(self._wanted(prepared)):
                self._answered()
            elif not self._lateness.isActive() and not self.veil.words:
                self._lateness.start()
        if prepared is None or not self.isVisible():
            trainer.watch(Watch())
        elif trainer.active:
            trainer.watch(self._wanted(prepared))
        elif self._trained is not None:
            self._look_once(self._trained, self._wanted(prepared))

    def _look_once(self, model: OpenedModel, watch: Watch) -> None:
        def work(_task: Task) -> Snapshot:
            from convscope.engine.training.control import Control
            from convscope.engine.training.snapshots import Observer

            control = Control()
            control.watch(watch)
            return Observer(model, control, lambda _snapshot: None).look(0, 0)

        def done(snapshot: Snapshot) -> None:
            if model is self._trained:
                self._show(snapshot)

        self.desk.context.jobs.submit(
            "engine",
            work,
            title="Looking into the network",
            key="train.look",
            supersede="finish",
            quiet=True,
            on_done=done,
            on_failed=self.desk.context.report,
        )

    def _wanted(self, prepared: Prepared) -> Watch:
        from convscope.engine.training.control import Watch

        samples, number = prepared.samples, self.image.currentData()
        image = self._current
        if samples is not None and isinstance(number, int) and number != CURRENT:
            if self._pictured[0] is not samples or self._pictured[1] != number:
                self._pictured = (samples, number, samples.batch[number : number + 1])
            image = self._pictured[2]
        return Watch(self.layer.currentData(), image, None if samples is None else samples.batch)

    def _is_shown(self, wanted: Watch) -> bool:
        """Whether the maps on show are those of what is chosen."""
        if self._shown is None or wanted.image is None:
            return False
        return self._shown[0] == wanted.layer and self._shown[1] is wanted.image

    def _answered(self) -> None:
        """What is on show answers what is chosen, or there is nothing on show."""
        self._lateness.stop()
        self.veil.set_words("")

    def _show(self, snapshot: Snapshot) -> None:
        if not self.isVisible():
            return
        self.step.setText(f"after step {snapshot.batch + 1:,}" if self.desk.trainer.active else "")
        if snapshot.kernels is not None:
            rows, columns, channels, count = snapshot.kernels.shape
            words = f"First layer’s kernels · {count} of {rows}×{columns}×{channels}"
            frozen = self._prepared is not None and not self._prepared.first_learns
            self.kernel_words.setText(f"{words} · frozen" if frozen else words)
            self.kernel_words.setToolTip("They are not trained, so they stay as they are" if frozen else "")
            pictures = kernel_pictures(snapshot.kernels)
            self.kernels.set_maps(pictures, sizes=[(rows, columns)] * len(pictures))
        if snapshot.maps is not None and snapshot.maps.ndim == 3:
            pictures = map_pictures(snapshot.maps)
            self.maps.set_maps(pictures, sizes=[snapshot.maps.shape[:2]] * len(pictures))
        if snapshot.predictions is not None:
            self.samples.set_predictions(snapshot.predictions)
        if snapshot.maps is not None:
            self._shown = (snapshot.layer, snapshot.image)
        elif snapshot.trouble:
            # Those of what was chosen before do not answer.
            self.maps.set_maps([])
            self._shown = None
        if self._shown is None or self._prepared is None or self._is_shown(self._wanted(self._prepared)):
            self._answered()
        self._say(snapshot.trouble or self._image_trouble)

    def _say(self, trouble: str) -> None:
        if trouble != self.trouble.text():
            self.trouble.setText(trouble)
            self.trouble.setVisible(bool(trouble))

    def showEvent(self, event: QShowEvent) -> None:
        """Look again."""
        super().showEvent(event)
        self._watch()

    def hideEvent(self, event: QHideEvent) -> None:
        """Looking costs steps."""
        super().hideEvent(event)
        self._watch()


def kernel_pictures(kernels: NDArray[np.float32]) -> list[NDArray[np.uint8]]:
    """First-layer kernels as pictures on one scale: of colours where they look at colours, else signed.

    Args:
        kernels: (rows, columns, channels in, filters).

    Returns:
        one a filter, uint8 rows×columns×3.
    """
    shown = np.nan_to_num(kernels[..., :MOST_KERNELS])
    limit = float(np.abs(shown).max()) or 1.0
    if shown.shape[2] == 3:
        levels = np.clip(127.5 + 127.5 * shown / limit, 0, 255).astype(np.uint8)
        return [np.ascontiguousarray(levels[..., n]) for n in range(levels.shape[3])]
    signed = shown.mean(axis=2)
    limit = float(np.abs(signed).max()) or 1.0
    levels = np.clip(127.5 + 127.5 * signed / limit, 0, 255).astype(np.uint8)
    return list(_signed_table(theme.tokens())[levels.transpose(2, 0, 1)])


@lru_cache(maxsize=2)
def _signed_table(colours: theme.Tokens) -> NDArray[np.uint8]:
    """The theme's signed colours from one end to the other, 256 × 3."""
    steps = [colours.signed(value, 1.0) for value in np.linspace(-1, 1, 256).tolist()]
    return np.array([(c.red(), c.green(), c.blue()) for c in steps], np.uint8)


def map_pictures(maps: NDArray[np.float32]) -> list[NDArray[np.uint8]]:
    """Feature maps as pictures: each centred, divided by its deviation, ×64 + 128, clipped, in viridis.

    Args:
        maps: (rows, columns, channels); the first channels are shown.

    Returns:
        one a channel, uint8 H×W×3; a map on which there is nothing is dark.
    """
    step = max(1, -(-max(maps.shape[:2]) // LARGEST_MAP))
    shown = np.nan_to_num(maps[::step, ::step, :MOST_MAPS])
    mean, deviation = shown.mean(axis=(0, 1)), shown.std(axis=(0, 1))
    flat = is_blank(shown.min(axis=(0, 1)), shown.max(axis=(0, 1)))
    levels = (shown - mean) / np.where(flat, 1, deviation) * 64 + 128
    levels[..., flat] = 0
    bytes_ = np.clip(levels, 0, 255).astype(np.uint8)
    # All at once: one call for a strip of maps costs as much as one for a single map.
    strip = np.ascontiguousarray(bytes_.transpose(2, 0, 1).reshape(-1, bytes_.shape[1]))
    coloured = apply_colormap(strip, "viridis").reshape(bytes_.shape[2], *bytes_.shape[:2], 3)
    return list(coloured)
