"""Enlarges what is already on show: fonts and fixed measures that widgets were given at another zoom."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QWidget

UNLIMITED = (1 << 24) - 1  # QWIDGETSIZE_MAX: Qt's word for no maximum

# What a widget can be given: (name, read, write).
_MEASURES: tuple[tuple[str, Callable[[QWidget], int], Callable[[QWidget, int], None]], ...] = (
    ("minimumWidth", QWidget.minimumWidth, QWidget.setMinimumWidth),
    ("minimumHeight", QWidget.minimumHeight, QWidget.setMinimumHeight),
    ("maximumWidth", QWidget.maximumWidth, QWidget.setMaximumWidth),
    ("maximumHeight", QWidget.maximumHeight, QWidget.setMaximumHeight),
)
_NOTHING = (0, UNLIMITED)
_NO_LEAST, _NO_MOST = QSize(0, 0), QSize(UNLIMITED, UNLIMITED)


def measures(widgets: Iterable[QWidget], old: float, new: float) -> None:
    """Bring the measures that widgets were given from one zoom to another.

    The design measure is kept with the widget, so that going there and back gives the same pixels; a widget
    that has set another value since starts from that one. Those that measure themselves when the style
    changes do so afterwards and have the last word.
    """
    if old == new:
        return
    for widget in widgets:
        # Most have none, and four questions for each would take as long as all the rest.
        if widget.minimumSize() == _NO_LEAST and widget.maximumSize() == _NO_MOST:
            continue
        if widget.isWindow():
            continue
        for name, read, write in _MEASURES:
            value = read(widget)
            if value not in _NOTHING:
                write(widget, max(1, round(_design(widget, name, value, old) * new)))


def fonts(widgets: Iterable[QWidget], old: float) -> list[tuple[QWidget, float]]:
    """Those of the widgets that have a font of their own, and that font's design size."""
    return [
        (widget, _design(widget, "font", widget.font().pixelSize(), old))
        for widget in widgets
        if widget.testAttribute(Qt.WidgetAttribute.WA_SetFont) and widget.font().pixelSize() > 0
    ]


def give_fonts(found: list[tuple[QWidget, float]], new: float) -> None:
    """Set them at another zoom; after the style sheet, which gives every widget its former font back."""
    for widget, design in found:
        font = QFont(widget.font())
        font.setPixelSize(max(8, round(design * new)))
        widget.setFont(font)


def _design(widget: QWidget, name: str, value: int, old: float) -> float:
    kept = widget.property(f"design_{name}")
    if isinstance(kept, float) and round(kept * old) == value:
        return kept
    widget.setProperty(f"design_{name}", value / old)
    return value / old
