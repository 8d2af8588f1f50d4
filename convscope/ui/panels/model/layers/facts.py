"""The chosen layer: its sum of parameters written out, its facts, and how far it looks."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from convscope.engine.models.summary import LayerInfo
from convscope.ui import theme
from convscope.ui.canvas.image_view import ImageView
from convscope.ui.forms.form import caption, heading, row, text_line, tool, vertical
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.model import words
from convscope.ui.panels.model.layers.field_view_model import FieldViewModel
from convscope.ui.panels.model.view_model import ShownModel

HEIGHT = 280


class FieldView(QWidget):
    """The image as the network gets it; pointing at it moves the field, a click holds it."""

    def __init__(self, context: PanelContext, view_model: FieldViewModel) -> None:
        super().__init__()
        self._model = view_model
        self.view = ImageView()
        self.view.setObjectName("model.field")
        self.view.setAccessibleName("What the network sees")
        self.view.setFixedHeight(theme.scaled(HEIGHT))
        self.view.hovered.connect(view_model.point)
        self.view.clicked.connect(view_model.click)
        self.words = caption("model.field.words")
        self.words.setMinimumHeight(theme.scaled(32))
        vertical(self, self.view, self.words, spacing=theme.GRID)
        context.listen(view_model.prepared_changed, self._show)
        context.listen(view_model.field_changed, self._draw)

    def _show(self) -> None:
        prepared = self._model.prepared
        self.view.setVisible(prepared is not None)
        if prepared is not None:
            low, high = float(prepared.batch.min()), float(prepared.batch.max())
            self.view.set_pixels(prepared.pixels, prepared.batch[0])
            self.view.set_caption(f"values {low:.3g} to {high:.3g}".replace("-", "−"))
        self._draw()

    def _draw(self) -> None:
        box, words = self._model.seen()
        if box is None:
            self.view.clear_box()
        else:
            self.view.set_box(*box)
        if words:
            self.words.setText(words)


SELECTABLE = Qt.TextInteractionFlag.TextSelectableByMouse
FACTS_GAP = 6


class FactGrid(QWidget):
    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.GROUP_GAP)
        self._grid.setVerticalSpacing(1)
        self._grid.setColumnStretch(1, 1)
        self._labels: list[tuple[QLabel, QLabel]] = []

    def set_facts(self, facts: list[tuple[str, str]]) -> None:
        while len(self._labels) < len(facts):
            name, value = theme.label("", "caption"), QLabel()
            name.setAlignment(Qt.AlignmentFlag.AlignTop)
            value.setWordWrap(True)
            value.setTextInteractionFlags(SELECTABLE)
            at = len(self._labels)
            self._grid.addWidget(name, at, 0)
            self._grid.addWidget(value, at, 1)
            self._labels.append((name, value))
        for (name, value), pair in zip(self._labels, facts, strict=False):
            name.setText(pair[0])
            value.setText(pair[1])
            value.setAccessibleName(pair[0])
        for number, (name, value) in enumerate(self._labels):
            name.setVisible(number < len(facts))
            value.setVisible(number < len(facts))
        self.setAccessibleDescription("; ".join(f"{name} {value}" for name, value in facts))

    def value(self, name: str) -> str:
        """What stands beside a name, "" where it is not on show."""
        for label, value in self._labels:
            if label.text() == name and not label.isHidden():
                return value.text()
        return ""


class LayerFacts(QWidget):
    def __init__(self, context: PanelContext) -> None:
        super().__init__()
        self.context = context
        self._shown: ShownModel | None = None
        self._row: LayerInfo | None = None
        self.title = text_line("model.layer", "title", wraps=False)
        self.title.setAccessibleName("The chosen layer")
        self.title.setWordWrap(True)
        self.title.setTextInteractionFlags(SELECTABLE)
        self.copy = tool("model.copy_facts", "Copy all facts of this layer", "copy", self.copy_facts)
        head = row(self.title, self.copy)
        head.setStretch(0, 1)
        head.setAlignment(self.copy, Qt.AlignmentFlag.AlignTop)
        column = vertical(
            self, head, spacing=FACTS_GAP, margins=(theme.GROUP_GAP, theme.GAP, theme.GROUP_GAP, theme.GAP)
        )
        self.about = caption("model.layer.about")
        column.addWidget(self.about)
        column.addWidget(heading("Parameters"))
        self.formula = QLabel()
        self.formula.setObjectName("model.formula")
        self.formula.setAccessibleName("Parameters, the sum written out")
        self.formula.setFont(theme.font(13, mono=True))
        self.formula.setWordWrap(True)
        self.formula.setTextInteractionFlags(SELECTABLE)
        column.addWidget(self.formula)
        self.facts = FactGrid("model.facts")
        column.addWidget(self.facts)
        self.field_heading = heading("What the network sees")
        column.addWidget(self.field_heading)
        self.field = FieldViewModel(context)
        self.field_view = FieldView(context, self.field)
        column.addWidget(self.field_view)
        column.addStretch(1)

    def show_model(self, shown: ShownModel | None) -> None:
        self._shown = shown
        self.field.show_model(shown.model if shown is not None else None)

    def show_layer(self, path: str | None) -> None:
        shown = self._shown
        found = shown.rows.get(path or "") if shown is not None else None
        self._row = found
        self.copy.setEnabled(found is not None)
        if found is None or shown is None:
            self.title.setText("No layer is chosen")
            self.about.setText("Choose one on the left.")
            self.formula.setText("")
            self.facts.set_facts([])
        else:
            self.title.setText(words.breakable(found.path))
            about = words.about(found)
            kind = shown.kinds[found.path]
            self.about.setText(f"{kind}. {about}" if about else f"{kind}.")
            self.formula.setText(words.parameters(found))
            self.facts.set_facts(words.facts(found, shown.rows, shown.summary.totals))
        self.field.show_layer(found)

    def copy_facts(self) -> None:
        if self._row is not None and self._shown is not None:
            QGuiApplication.clipboard().setText(
                words.layer_text(self._row, self._shown.rows, self._shown.summary.totals)
            )
            self.context.notify(f"Copied the facts of {self._row.path}")
