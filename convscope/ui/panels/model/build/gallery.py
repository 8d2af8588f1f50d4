"""Networks to start from, as cards: their shape, their exact totals, what they brought."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from convscope.engine.models.builder.architecture import Architecture, LayerSpec
from convscope.engine.models.builder.templates import TEMPLATES, Template
from convscope.engine.models.library.families import original_words
from convscope.ui import theme
from convscope.ui.forms.form import row, scrolling, tool
from convscope.ui.panels.model.build.rows import shape_words
from convscope.ui.panels.model.build.sketch import Sketch
from convscope.ui.widgets.flow import FlowLayout

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

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP)
        self.back = tool(
            "model.build.gallery.back", "Back to the layers", "arrow-left", self.closed.emit, "Layers"
        )
        self.search = QLineEdit()
        self.search.setObjectName("model.build.gallery.search")
        self.search.setAccessibleName("Search templates")
        self.search.setPlaceholderText("Search templates")
        self.search.setClearButtonEnabled(True)
        self.search.setMaximumWidth(theme.scaled(220))
        self.search.textChanged.connect(self._filter)
        column.addLayout(row(self.back, theme.label("Start from", "title"), None, self.search))
        holder = QWidget()
        self._flow = FlowLayout(holder, theme.GROUP_GAP, theme.GROUP_GAP, even=True)
        self._cards: list[tuple[QWidget, str]] = []
        self._add_empty()
        self.area = scrolling(holder)
        column.addWidget(self.area, 1)
        # A card takes milliseconds to lay out: some at a time, so that the window never stops.
        self._waiting = list(TEMPLATES.values())
        self._filling = QTimer(self)
        self._filling.timeout.connect(self._fill)
        self._filling.start(0)

    @property
    def complete(self) -> bool:
        """Whether all cards are there."""
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
        sheet = architecture.sheet()
        size = shape_words(sheet.layers[0].shape)
        facts = [f"{sheet.totals.parameters:,} parameters", f"{sheet.totals.layers} layers", size]
        original = original_words(template.family, template.application)
        lines = [template.about, *original]
        if template.recipe:
            lines.append(template.recipe)
        sketch = Sketch()
        sketch.set_sheet(sheet)
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
        column = QVBoxLayout(card)
        column.setContentsMargins(theme.GROUP_GAP, theme.GROUP_GAP, theme.GROUP_GAP, theme.GROUP_GAP)
        column.setSpacing(theme.GRID)
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
        button = QPushButton("Use it")
        button.setObjectName(f"model.build.use.{name}")
        button.setAccessibleName(f"Start from {title}")
        button.clicked.connect(lambda: use())
        column.addLayout(row(button, None))
        self._flow.addWidget(card)
        return card

    def _filter(self, text: str) -> None:
        words = text.lower().split()
        for card, told in self._cards:
            card.setVisible(all(word in told for word in words))
