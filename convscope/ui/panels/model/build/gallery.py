"""Networks to start from, as cards: their shape, their exact totals, what they brought."""

from __future__ import annotations

from collections.abc import Callable
from math import log2

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QWidget

from convscope.engine.models.builder.architecture import Architecture, LayerSpec
from convscope.engine.models.builder.templates import TEMPLATES, Template
from convscope.engine.models.library.families import original_words
from convscope.engine.models.summary import ModelSummary
from convscope.engine.models.summary.categories import categories
from convscope.ui import theme
from convscope.ui.forms.form import push_button, row, scrolling, search_field, tool, vertical
from convscope.ui.layout.flow import FlowLayout
from convscope.ui.panels.model.colours import colour
from convscope.ui.panels.model.words import shape_words

CARD = 272
AT_ONCE = 2


class Gallery(QWidget):
    """All templates.

    Signals:
        chosen: an architecture to start from, and what it is called.
        closed: back to the list.
    """

    chosen = Signal(object, str)
    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.back = tool(
            "model.build.gallery.back", "Back to the layers", "arrow-left", self.closed.emit, "Layers"
        )
        self.search = search_field(
            "model.build.gallery.search", "Search templates", "Search templates", self._filter
        )
        self.search.setMaximumWidth(theme.scaled(220))
        holder = QWidget()
        self._flow = FlowLayout(holder, theme.GROUP_GAP, theme.GROUP_GAP, even=True)
        self._cards: list[tuple[QWidget, str]] = []
        self._add_empty()
        self.area = scrolling(holder, "model.build.gallery.scroll")
        vertical(self, row(self.back, theme.label("Start from", "title"), None, self.search), (self.area, 1))
        # A card takes milliseconds to lay out: some at a time, so that the window never stops.
        self._waiting = list(TEMPLATES.values())
        self._filling = QTimer(self)
        self._filling.timeout.connect(self._fill)
        self._filling.start(0)

    @property
    def complete(self) -> bool:
        return not self._waiting

    def _fill(self) -> None:
        for template in self._waiting[:AT_ONCE]:
            self._add(template)
        del self._waiting[:AT_ONCE]
        self._filter(self.search.text())
        if self.complete:
            self._filling.stop()

    def _add(self, template: Template) -> None:
        architecture = template.architecture
        summary = architecture.summary()
        size = shape_words(summary.layers[0].shape)
        facts = [f"{summary.totals.parameters:,} parameters", f"{summary.totals.layers} layers", size]
        original = original_words(template.family, template.application)
        lines = [template.about, *original]
        if template.recipe:
            lines.append(template.recipe)
        sketch = Sketch()
        sketch.set_summary(summary)
        title = template.title if template.year is None else f"{template.title}, {template.year}"
        card = self._card(
            template.name, title, facts, lines, sketch, lambda: self.chosen.emit(architecture, template.title)
        )
        card.setToolTip(template.paper)
        told = f"{template.name} {title} {template.about} {' '.join(original)} {template.paper}"
        self._cards.append((card, told.lower()))

    def _add_empty(self) -> None:
        empty = Architecture("network", (LayerSpec("input", "InputLayer", {"shape": (28, 28, 1)}),))
        card = self._card(
            "empty",
            "Empty",
            ["an input alone"],
            ["Nothing but an image of 28×28: build from the palette."],
            None,
            lambda: self.chosen.emit(empty, "an empty network"),
        )
        self._cards.append((card, "empty new"))

    def _card(
        self,
        name: str,
        title: str,
        facts: list[str],
        lines: list[str],
        sketch: Sketch | None,
        use: Callable[[], object],
    ) -> QWidget:
        card = QFrame()
        card.setObjectName(f"model.build.card.{name}")
        card.setProperty("role", "raised")
        card.setMinimumWidth(theme.scaled(CARD))
        column = vertical(
            card,
            spacing=theme.GRID,
            margins=(theme.GROUP_GAP, theme.GROUP_GAP, theme.GROUP_GAP, theme.GROUP_GAP),
        )
        head = QLabel(title)
        head.setFont(theme.font(13, weight=head.font().Weight.DemiBold))
        head.setWordWrap(True)
        column.addWidget(head)
        column.addWidget(theme.label("  ·  ".join(facts), "caption"))
        if sketch is not None:
            column.addSpacing(theme.GRID)
            column.addWidget(sketch)
            column.addSpacing(theme.GRID)
        for index, line in enumerate(lines):
            words = QLabel(line) if index == 0 else theme.label(line, "caption")
            words.setWordWrap(True)
            column.addWidget(words)
        column.addStretch(1)
        button = push_button(f"model.build.use.{name}", "Use it", use, says=f"Start from {title}")
        column.addLayout(row(button, None))
        self._flow.addWidget(card)
        return card

    def _filter(self, text: str) -> None:
        words = text.lower().split()
        for card, told in self._cards:
            card.setVisible(all(word in told for word in words))


# Layers that one sees in the picture: those that change the maps.
_SHOWN = ("Input", "Convolution", "Pooling", "Classifier", "Merge", "Pretrained")
_LIMIT = 48


class Sketch(QWidget):
    """The drawing that papers put first: maps that become smaller and more."""

    def __init__(self, height: int = 56) -> None:
        super().__init__()
        self.setAccessibleName("The network's shape")
        self._height = height
        self._slabs: list[tuple[float, float, str]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_summary(self, summary: ModelSummary) -> None:
        slabs: list[tuple[float, float, str]] = []
        largest = max(
            (
                max(layer.shape[0] or 1, 1)
                for layer in summary.layers
                if layer.shape and len(layer.shape) == 3
            ),
            default=1,
        )
        parts = categories(summary)
        for layer in summary.layers:
            category = parts[layer.path]
            if category not in _SHOWN or not layer.shape:
                continue
            if len(layer.shape) == 3:
                share = (layer.shape[0] or largest) / largest
                slabs.append((share, log2((layer.shape[2] or 1) + 1), category))
            else:
                # A row of values stands upright, as its units are drawn.
                slabs.append((min(1.0, log2((layer.shape[0] or 1) + 1) / 14), 1.0, "Classifier"))
        if slabs != self._slabs:
            self._slabs = slabs[:_LIMIT] if len(slabs) <= _LIMIT else slabs[:: -(-len(slabs) // _LIMIT)]
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(160), theme.scaled(self._height))

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._slabs:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        gap = theme.scaled(3) if len(self._slabs) < 24 else theme.scaled(2)
        room = self.width() - gap * (len(self._slabs) - 1)
        units = sum(width + 1 for _share, width, _category in self._slabs)
        unit = min(theme.scaled(4), room / units)
        x, height = 0.0, self.height()
        for share, width, category in self._slabs:
            tall = max(theme.scaled(4), share * height)
            ink = colour(category)
            ink.setAlpha(225)
            painter.setBrush(ink)
            painter.drawRoundedRect(QRectF(x, (height - tall) / 2, (width + 1) * unit, tall), 1.5, 1.5)
            x += (width + 1) * unit + gap
        painter.end()
