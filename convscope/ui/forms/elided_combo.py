"""A choice whose words end in an ellipsis where they do not fit."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPaintEvent
from PySide6.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QStylePainter, QToolTip


class ElidedCombo(QComboBox):
    """A combo box that never cuts a letter in two.

    Attributes:
        says: what is chosen, before the choice itself ("Order: by index"), where no label stands beside it.
    """

    says = ""

    def set_says(self, says: str) -> None:
        """Say what is chosen."""
        self.says = says
        self.updateGeometry()

    def _said(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(f"{self.says}: ") if self.says else 0, 0)

    def shown_text(self) -> str:
        """The chosen words as far as there is room."""
        return self._option().currentText

    def sizeHint(self) -> QSize:
        # Where it is to be as wide as its words, with the room that the style sheet takes for its arrow.
        hint = super().sizeHint() + self._said()
        if self.sizeAdjustPolicy() != QComboBox.SizeAdjustPolicy.AdjustToContents:
            return hint
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        option.rect = QRect(QPoint(), hint)
        part = QStyle.SubControl.SC_ComboBoxEditField
        field = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, self)
        metrics = self.fontMetrics()
        longest = max((metrics.horizontalAdvance(self.itemText(n)) for n in range(self.count())), default=0)
        return hint + QSize(max(0, longest + self._said().width() + 4 - field.width()), 0)

    def minimumSizeHint(self) -> QSize:
        if self.sizeAdjustPolicy() != QComboBox.SizeAdjustPolicy.AdjustToContents:
            return super().minimumSizeHint() + self._said()
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, option = QStylePainter(self), self._option()
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        painter.end()

    def event(self, event: QEvent) -> bool:
        # What is cut is told whole on hover, after what is said of the box.
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip and "…" in self.shown_text():
            said = "\n".join(words for words in (self.toolTip(), self.currentText()) if words)
            QToolTip.showText(event.globalPos(), said, self)
            return True
        return super().event(event)

    def _option(self) -> QStyleOptionComboBox:
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        part = QStyle.SubControl.SC_ComboBoxEditField
        field = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, self)
        said = f"{self.says}: {option.currentText}" if self.says else option.currentText
        words = self.fontMetrics().elidedText(said, Qt.TextElideMode.ElideRight, field.width() - 2)
        option.currentText = words
        return option
