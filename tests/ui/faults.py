"""What a designer would send back: controls without a name, words that are cut off, icons without words."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QScrollArea,
    QScrollBar,
    QSplitter,
    QStackedWidget,
    QStyle,
    QStyleOptionComboBox,
    QWidget,
)

from convscope.ui.forms.elided_combo import ElidedCombo
from convscope.ui.layout.elided import ElidedLabel

_CONTROLS = (QAbstractButton, QComboBox, QAbstractSpinBox, QLineEdit, QAbstractSlider, QAbstractItemView)
_NO_CONTROLS = (QScrollBar, QHeaderView, QScrollArea, QSplitter, QStackedWidget)


def faults(root: QWidget) -> list[str]:
    """One line a fault of what is on show in a widget; [] when all is well."""
    found = []
    for widget in root.findChildren(QWidget):
        if widget.isVisible() and widget.width() and widget.height():
            found += [f"{_place(widget)}: {fault}" for fault in (*_unnamed(widget), *_cut(widget))]
    return found


def is_control(widget: QWidget) -> bool:
    """Whether a person acts on it."""
    if isinstance(widget, _NO_CONTROLS) or widget.focusProxy() is not None:
        return False
    if isinstance(widget.parentWidget(), QAbstractSpinBox | QComboBox | QLineEdit | QHeaderView):
        return False
    if widget.objectName().startswith("qt_"):
        # Qt's own, such as a table's corner.
        return False
    if isinstance(widget, QLabel):
        # Words that can be marked and copied.
        return False
    return isinstance(widget, _CONTROLS) or widget.focusPolicy() != Qt.FocusPolicy.NoFocus


def _place(widget: QWidget) -> str:
    names: list[str] = []
    at: QWidget | None = widget
    while at is not None and len(names) < 3:
        names.append(at.objectName() or type(at).__name__)
        at = at.parentWidget()
    return " in ".join(names)


def _unnamed(widget: QWidget) -> list[str]:
    if not is_control(widget):
        return []
    found = []
    if not widget.objectName():
        found.append("no object name")
    known = QAccessible.queryAccessibleInterface(widget)
    if not isinstance(known, QAccessibleInterface) or not known.text(QAccessible.Text.Name):
        found.append("no accessible name")
    if isinstance(widget, QAbstractButton) and not widget.text() and not widget.toolTip():
        found.append("an icon without a tooltip")
    return found


def _cut(widget: QWidget) -> list[str]:
    """Words that do not fit; those that may be shortened on purpose have them whole in a tooltip."""
    if isinstance(widget, QLabel) and widget.text():
        return _cut_label(widget)
    metrics = widget.fontMetrics()
    if isinstance(widget, QComboBox):
        option = QStyleOptionComboBox()
        widget.initStyleOption(option)
        part = QStyle.SubControl.SC_ComboBoxEditField
        room = widget.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, widget).width()
        words = widget.currentText()
    elif isinstance(widget, QAbstractSpinBox):
        line = widget.lineEdit()
        room, words = line.width() - line.textMargins().left(), widget.text()
    elif isinstance(widget, QAbstractButton) and widget.text():
        # Style sheets and Qt leave some room around the words that is not needed.
        spare = metrics.horizontalAdvance("  ")
        room, words = widget.width() + spare, widget.text()
        return [f'"{words}" is cut'] if widget.sizeHint().width() > room else []
    else:
        return []
    if widget.toolTip() or isinstance(widget, ElidedCombo) or metrics.horizontalAdvance(words) <= room + 1:
        return []
    return [f'"{words}" is cut: {metrics.horizontalAdvance(words)} in {room}']


def _cut_label(label: QLabel) -> list[str]:
    words, found = label.text()[:60], []
    may_shorten = isinstance(label, ElidedLabel) and label.toolTip()
    if label.wordWrap():
        if label.heightForWidth(label.width()) > label.height() + 1:
            found.append(f'"{words}" is cut below')
    elif label.sizeHint().width() > label.width() + 1 and not may_shorten:
        found.append(f'"{words}" is cut at the side: {label.sizeHint().width()} in {label.width()}')
    if not _scrolls(label) and label.visibleRegion().boundingRect().size() != label.size():
        found.append(f'"{words}" lies partly under something else or outside')
    return found


def _scrolls(widget: QWidget) -> bool:
    at = widget.parentWidget()
    while at is not None and not isinstance(at, QAbstractScrollArea):
        at = at.parentWidget()
    return at is not None
