"""The parity card of a copy that was saved: does it say what the network says?"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLayout, QPushButton, QVBoxLayout, QWidget

from convscope.ui import theme
from convscope.ui.forms.form import breakable, caption, hairline
from convscope.ui.panels.model.layers.facts import SELECTABLE, FactGrid

if TYPE_CHECKING:
    from convscope.engine.models.export.export_model import Exported


WIDTH = 520


def fit_height(dialog: QDialog, width: int) -> None:
    """As high as its words need at a width in unscaled pixels; Qt's own guess is of a narrow column."""
    layout = dialog.layout()
    assert layout is not None
    if layout.sizeConstraint() != QLayout.SizeConstraint.SetNoConstraint:
        layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
    layout.activate()
    wide = max(theme.scaled(width), dialog.width() if dialog.isVisible() else 0)
    high = layout.totalHeightForWidth(wide)
    dialog.setMinimumSize(theme.scaled(width), high)
    dialog.resize(wide, high)


class ParityDialog(QDialog):
    """What was measured, to read and to copy. The window beside it can be used on.

    Args:
        made: the copy.
        notify: says one sentence.
    """

    def __init__(self, made: Exported, notify: Callable[[str], None], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("model.card")
        self.setWindowTitle("The copy and the network")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.card, self._notify = made.card, notify
        card = made.card
        column = QVBoxLayout(self)
        column.setContentsMargins(*(theme.GROUP_GAP,) * 4)
        column.setSpacing(theme.GAP)
        title = theme.label(f"{card.model} as {card.format}", "title")
        title.setObjectName("model.card.title")
        title.setWordWrap(True)
        column.addWidget(title)
        column.addWidget(caption("model.card.file", breakable(str(made.files[0]))))
        verdict = QLabel(card.verdict)
        verdict.setObjectName("model.card.verdict")
        verdict.setAccessibleName("Whether the copy can stand for the network")
        verdict.setWordWrap(True)
        verdict.setTextInteractionFlags(SELECTABLE)
        if not card.is_same:
            verdict.setProperty("role", "warning")
        column.addWidget(verdict)
        column.addWidget(hairline())
        self.facts = FactGrid("model.card.facts")
        self.facts.set_facts(card.facts())
        column.addWidget(self.facts)
        self.notes = caption("model.card.notes", "\n".join(card.notes))
        self.notes.setVisible(bool(card.notes))
        column.addWidget(self.notes)
        column.addStretch(1)
        column.addSpacing(theme.GRID)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        copy = QPushButton("Copy as text")
        copy.setObjectName("model.card.copy")
        copy.setAccessibleName("Copy the card as text")
        copy.clicked.connect(self.copy)
        buttons.addButton(copy, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.button(QDialogButtonBox.StandardButton.Close).setObjectName("model.card.close")
        buttons.rejected.connect(self.close)
        column.addWidget(buttons)
        fit_height(self, WIDTH)

    def event(self, event: QEvent) -> bool:
        """It may stand open while the text is made larger."""
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            fit_height(self, WIDTH)
        return done

    def copy(self) -> None:
        """Put the whole card on the clipboard."""
        QGuiApplication.clipboard().setText(self.card.text())
        self._notify("Copied the card")
