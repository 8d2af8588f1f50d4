"""Live looks into the network: its first kernels, a layer's maps of one image, its predictions for a few."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QHelpEvent,
    QHideEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from convscope.engine.interpret.blank import is_blank
from convscope.imaging.colormaps import apply_colormap
from convscope.imaging.shrink import shrink
from convscope.ui import theme
from convscope.ui.canvas.late import LATE_MS
from convscope.ui.canvas.mosaic_view import MosaicView
from convscope.ui.canvas.veil import Veil
from convscope.ui.forms.form import caption, combo, row, vertical
from convscope.ui.panels.train.live.view_model import CURRENT, LiveViewModel
from convscope.ui.panels.train.results.confusion import long_names
from convscope.ui.qimage import to_image

if TYPE_CHECKING:
    from convscope.engine.training.snapshots import NetworkSnapshot

MOST_KERNELS, MOST_MAPS, LARGEST_MAP = 64, 64, 64
OTHERS = "Working: these are the maps of what was chosen before"


class NetworkView(QWidget):
    """The column right of the charts; it changes while the network learns."""

    def __init__(self, view_model: LiveViewModel) -> None:
        super().__init__()
        self.setObjectName("train.looks")
        self.view_model = view_model
        self._build(view_model)
        for signal, show in (
            (view_model.forgot, self._forget),
            (view_model.choices_changed, self._show_choices),
            (view_model.current_changed, self._name_current),
            (view_model.layer.changed, self._show_chosen),
            (view_model.image.changed, self._show_chosen),
            (view_model.can_choose_changed, self._offer),
            (view_model.looked, self._show),
            (view_model.outdated, self._set_outdated),
            (view_model.no_maps, self._clear_maps),
            (view_model.trouble, self._say),
        ):
            view_model.context.listen(signal, show)
        view_model.context.ending.call(self._lateness.stop)

    def _build(self, view_model: LiveViewModel) -> None:
        self.kernel_words = theme.label("First layer’s kernels", "heading")
        self.kernels = MosaicView()
        self.kernels.setObjectName("train.kernels")
        self.kernels.setAccessibleName("First layer’s kernels")
        self.layer = combo("train.layer", "Layer whose maps are shown", ())
        self.layer.activated.connect(lambda _index: view_model.layer.set(self.layer.currentData()))
        self.layer.currentTextChanged.connect(self.layer.setToolTip)
        self.image = combo("train.image", "Image whose maps are shown", (), "Image")
        self.image.activated.connect(lambda _index: view_model.image.set(self.image.currentData()))
        self.maps = MosaicView()
        self.maps.setObjectName("train.maps")
        self.maps.setAccessibleName("Feature maps")
        self.veil = Veil(self.maps, "train.maps.veil")
        self._lateness = QTimer(self)
        self._lateness.setSingleShot(True)
        self._lateness.setInterval(LATE_MS)
        self._lateness.timeout.connect(lambda: self.veil.set_words(OTHERS))
        self.samples = SamplesView()
        self.samples.chosen.connect(view_model.image.set)
        self.trouble = caption("train.look_trouble")
        self.trouble.hide()
        column = vertical(self, self.kernel_words, (self.kernels, 1), theme.GRID, spacing=theme.GRID)
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
        column.addWidget(theme.label("Predictions for images outside the training set", "heading"))
        column.addWidget(self.samples)

    def _forget(self) -> None:
        self._say("")
        self.step.setText("")
        self._set_outdated(False)
        self.samples.set_samples((), (), ())
        self.kernels.set_maps([])
        self.maps.set_maps([])

    def _show_choices(self) -> None:
        prepared = self.view_model.prepared
        if prepared is None:
            return
        self.layer.clear()
        for path, words in self.view_model.layers:
            self.layer.addItem(words, path)
        self.image.clear()
        for number, words in self.view_model.images:
            self.image.addItem(words, number)
        self._name_current()
        samples = prepared.samples
        if samples is not None:
            self.samples.set_samples(samples.pixels, samples.labels, prepared.dataset.classes)
        self._show_chosen()

    def _show_chosen(self, _chosen: object = None) -> None:
        self.layer.setCurrentIndex(max(0, self.layer.findData(self.view_model.shown_layer)))
        self.image.setCurrentIndex(max(0, self.image.findData(self.view_model.shown_image)))

    def _name_current(self) -> None:
        self.image.setItemText(self.image.findData(CURRENT), dict(self.view_model.images)[CURRENT])
        self.image.setToolTip("Whose maps are shown; the current image is that of the strip below")

    def _offer(self) -> None:
        self.layer.setEnabled(self.view_model.can_choose)
        self.image.setEnabled(self.view_model.can_choose)

    def _set_outdated(self, outdated: bool) -> None:
        """What is on show answers what is chosen, or answers late."""
        if not outdated:
            self._lateness.stop()
            self.veil.set_words("")
        elif not self._lateness.isActive() and not self.veil.words:
            self._lateness.start()

    def _clear_maps(self) -> None:
        self.maps.set_maps([])

    def _show(self, snapshot: NetworkSnapshot) -> None:
        prepared = self.view_model.prepared
        training = self.view_model.trainer.active
        self.step.setText(f"after step {snapshot.batch + 1:,}" if training else "")
        if snapshot.kernels is not None:
            rows, columns, channels, count = snapshot.kernels.shape
            words = f"First layer’s kernels · {count} of {rows}×{columns}×{channels}"
            frozen = prepared is not None and not prepared.first_learns
            self.kernel_words.setText(f"{words} · frozen" if frozen else words)
            self.kernel_words.setToolTip("They are not trained, so they stay as they are" if frozen else "")
            pictures = kernel_pictures(snapshot.kernels)
            self.kernels.set_maps(pictures, sizes=[(rows, columns)] * len(pictures))
        if snapshot.maps is not None and snapshot.maps.ndim == 3:
            pictures = map_pictures(snapshot.maps)
            self.maps.set_maps(pictures, sizes=[snapshot.maps.shape[:2]] * len(pictures))
        if snapshot.predictions is not None:
            self.samples.set_predictions(snapshot.predictions)

    def _say(self, trouble: str) -> None:
        if trouble != self.trouble.text():
            self.trouble.setText(trouble)
            self.trouble.setVisible(bool(trouble))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.view_model.set_watched(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.view_model.set_watched(False)


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


ROW, PICTURE, BAR, COLUMNS = 38, 32, 6, 2
MOST_LINES = 3  # that a long name takes


class SamplesView(QWidget):
    """Of each image the picture, the likeliest class with a bar, and the right class if it is another one.

    Signals:
        chosen: the index of the image that was clicked.
    """

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("train.samples")
        self.setAccessibleName("Predictions of sample images")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._pictures: list[QImage] = []
        self._labels: tuple[int, ...] = ()
        self._classes: tuple[str, ...] = ()
        self._probabilities: NDArray[np.float32] | None = None
        self._lines = 1

    def set_samples(
        self, pixels: Sequence[NDArray[np.uint8]], labels: Sequence[int], classes: Sequence[str]
    ) -> None:
        self._pictures = [_small(image) for image in pixels]
        self._labels, self._classes = tuple(labels), tuple(classes)
        self._probabilities = None
        self._count_lines()
        self.updateGeometry()
        self.update()

    def set_predictions(self, probabilities: NDArray[np.float32] | None) -> None:
        if probabilities is not None and len(probabilities) != len(self._pictures):
            probabilities = None
        self._probabilities = probabilities
        self.setAccessibleDescription("; ".join(self.sentence(row) for row in range(len(self._pictures))))
        self.update()

    def sentence(self, row: int) -> str:
        true = self._name(self._labels[row])
        if self._probabilities is None:
            return true
        likeliest = int(np.argmax(self._probabilities[row]))
        return f"{true} taken for {self._name(likeliest)} {self._probabilities[row, likeliest]:.2f}"

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(320), self._row_height() * self._rows())

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.scaled(200), self._row_height() * self._rows())

    def place(self, number: int) -> QRectF:
        row, column = divmod(number, COLUMNS)
        width = (self.width() + theme.GROUP_GAP) / COLUMNS
        height = self._row_height()
        return QRectF(column * width, row * height, width - theme.GROUP_GAP, height)

    def _row_height(self) -> int:
        if self._lines == 1:
            return theme.scaled(ROW)
        return self._lines * QFontMetrics(theme.font(12)).height() + theme.scaled(BAR) + 12

    def _count_lines(self) -> None:
        """In how many lines the longest name has room beside its picture."""
        lines = 1
        if long_names(self._classes):
            metrics = QFontMetrics(theme.font(12))
            width = (self.width() + theme.GROUP_GAP) / COLUMNS - theme.GROUP_GAP - theme.scaled(PICTURE) - 8
            room = int(width) - metrics.horizontalAdvance("0.00") - 8
            lines = max(len(_broken(name, metrics, room, MOST_LINES)) for name in self._classes)
        if lines != self._lines:
            self._lines = lines
            self.updateGeometry()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._count_lines()

    def _rows(self) -> int:
        return max(1, -(-len(self._pictures) // COLUMNS))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            for number in range(len(self._pictures)):
                if self.place(number).contains(QPointF(event.pos())):
                    QToolTip.showText(event.globalPos(), self.sentence(number), self)
                    return True
        return super().event(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        for number in range(len(self._pictures)):
            if event.button() == Qt.MouseButton.LeftButton and self.place(number).contains(event.position()):
                self.chosen.emit(number)

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        plain, figures = theme.font(12), theme.font(12, figures=True)
        painter.setFont(plain)
        metrics = painter.fontMetrics()
        side = theme.scaled(PICTURE)
        right = Qt.AlignmentFlag.AlignRight
        for index, picture in enumerate(self._pictures):
            place = self.place(index)
            painter.drawImage(
                QRectF(place.left(), place.top() + (place.height() - side) / 2, side, side), picture
            )
            inside = place.adjusted(side + 8, 4, 0, -6)
            if self._probabilities is None:
                painter.setPen(QColor(colours.secondary))
                name = self._name(self._labels[index])
                for line, words in enumerate(_in_lines(name, metrics, int(inside.width()), self._lines)):
                    painter.drawText(
                        inside.translated(0, line * metrics.height()), Qt.AlignmentFlag.AlignLeft, words
                    )
                continue
            likeliest = int(np.argmax(self._probabilities[index]))
            share = float(self._probabilities[index, likeliest])
            is_right = likeliest == self._labels[index]
            colour = QColor(colours.good if is_right else colours.warning)
            number = f"{share:.2f}"
            name = self._name(likeliest)
            room = int(inside.width()) - metrics.horizontalAdvance(number) - 8
            said = f"{name}, is {self._name(self._labels[index])}"
            if not is_right and metrics.horizontalAdvance(said) <= room:
                # Else it is told on hover: the picture shows what it is.
                name = said
            painter.setPen(QColor(colours.text))
            for line, words in enumerate(_in_lines(name, metrics, room, self._lines)):
                at = inside.translated(0, line * metrics.height())
                painter.drawText(at, Qt.AlignmentFlag.AlignLeft, words)
            painter.setPen(QColor(colours.secondary))
            painter.setFont(figures)
            painter.drawText(inside, right, number)
            painter.setFont(plain)
            painter.setPen(Qt.PenStyle.NoPen)
            thick = theme.scaled(BAR)
            groove = QRectF(inside.left(), inside.bottom() - thick, inside.width(), thick)
            painter.setBrush(QColor(colours.line))
            painter.drawRoundedRect(groove, thick / 2, thick / 2)
            groove.setWidth(max(float(thick), groove.width() * share))
            painter.setBrush(colour)
            painter.drawRoundedRect(groove, thick / 2, thick / 2)
        painter.end()

    def _name(self, label: int) -> str:
        return self._classes[label] if label < len(self._classes) else str(label)


def _broken(name: str, metrics: QFontMetrics, room: int, lines: int) -> list[str]:
    """A name in up to so many lines, broken between its words."""
    told = [""]
    for word in name.split(" "):
        longer = f"{told[-1]} {word}".strip()
        if told[-1] and len(told) < lines and metrics.horizontalAdvance(longer) > room:
            told.append(word)
        else:
            told[-1] = longer
    return told


def _in_lines(name: str, metrics: QFontMetrics, room: int, lines: int) -> list[str]:
    """The same; what is still too long keeps both its ends."""
    return [
        metrics.elidedText(words, Qt.TextElideMode.ElideMiddle, room)
        for words in _broken(name, metrics, room, lines)
    ]


def _small(pixels: NDArray[np.uint8]) -> QImage:
    height, width = pixels.shape[:2]
    if max(height, width) > 2 * PICTURE:
        share = 2 * PICTURE / max(height, width)
        pixels = shrink(pixels, max(1, round(height * share)), max(1, round(width * share)))
    return to_image(pixels).copy()
