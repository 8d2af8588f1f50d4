"""How the network is drawn as a figure, and what stands under its blocks, before it is saved."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from convscope.core.words import times
from convscope.engine.models.figure.network_figure import usual_label
from convscope.engine.models.graph.columns import LayerColumn
from convscope.ui import naming, theme
from convscope.ui.forms.form import caption, check, choose, combo, under_captions, vertical
from convscope.ui.panels.layers.network.parts import FigureSettings

THEMES = (("light", "Light"), ("dark", "Dark"))
SCALES = (("root", "Root of the numbers"), ("log", "Logarithm"))


class FigureDialog(QDialog):
    """A few choices, and a line for each block.

    Args:
        columns: whose figure it is.
        settings: as they are now.
        model: id of the network.

    Signals:
        accepted_as: the `FigureSettings` that a person accepts.
    """

    accepted_as = Signal(object)

    def __init__(
        self, columns: Sequence[LayerColumn], settings: FigureSettings, model: str, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setObjectName("layers.network.figure_dialog")
        self.setWindowTitle("Figure of the network")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(theme.scaled(460), theme.scaled(520))
        self._columns, self._model = columns, model
        self.theme = combo("layers.network.figure_theme", "Light or dark", THEMES)
        self.scale = combo("layers.network.figure_scale", "What sizes go by", SCALES)
        self.maps = check("layers.network.figure_maps", "The maps of this image on the blocks")
        choose(self.theme, "dark" if settings.dark else "light")
        choose(self.scale, settings.scale)
        self.maps.setChecked(settings.maps)
        self.labels = self._table(settings.of(model))
        standard = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(standard.Save | standard.Cancel)
        buttons.accepted.connect(self._accept)
        buttons.rejected.connect(self.reject)
        save = buttons.button(standard.Save)
        save.setText("Save as…")
        save.setObjectName("layers.network.figure_save")
        save.setProperty("role", "primary")
        column = vertical(self, margins=theme.GROUP_GAP)
        column.addLayout(under_captions(("colours", self.theme), ("sizes by", self.scale)))
        column.addWidget(self.maps)
        told = "What stands under each block. The next dialog asks for SVG, PDF, PNG or TikZ (without maps)."
        column.addWidget(caption("", told))
        column.addWidget(self.labels, 1)
        column.addWidget(buttons)

    def settings(self) -> FigureSettings:
        """As chosen and typed."""
        texts = []
        for row, column in enumerate(self._columns):
            item = self.labels.item(row, 1)
            text = item.text().strip() if item is not None else usual_label(column)
            if text != usual_label(column):
                texts.append((column.id, text))
        dark = self.theme.currentData() == "dark"
        scale = self.scale.currentData()
        return FigureSettings(dark, scale, self.maps.isChecked(), self._model, tuple(texts))

    def _table(self, labels: dict[str, str]) -> QTableWidget:
        table = naming.give(
            QTableWidget(len(self._columns), 2), "layers.network.figure_labels", "Labels of the blocks"
        )
        table.setHorizontalHeaderLabels(["Block", "Label"])
        table.verticalHeader().hide()
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        for row, column in enumerate(self._columns):
            block = QTableWidgetItem(f"{usual_label(column)}  {times(column.shape)}")
            block.setFlags(Qt.ItemFlag.ItemIsEnabled)
            block.setToolTip(column.path)
            table.setItem(row, 0, block)
            table.setItem(row, 1, QTableWidgetItem(labels.get(column.id, usual_label(column))))
        return table

    def _accept(self) -> None:
        # A label that is still being typed counts.
        self.labels.setFocus()
        self.accepted_as.emit(self.settings())
        self.accept()
