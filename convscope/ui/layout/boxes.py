"""Widgets under each other and side by side: what is in a box, its gaps and its margins in one place."""

from __future__ import annotations

from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLayout, QVBoxLayout, QWidget

from convscope.ui import theme

Item = QWidget | QLayout | tuple[QWidget | QLayout, int] | None
"""What goes into a box, by itself or with its stretch; None: the room between them."""


Margins = int | tuple[int, int] | tuple[int, int, int, int]
"""One for all sides; across and down; or left, top, right and bottom."""


def column(
    parent: QWidget | None = None,
    *items: Item,
    spacing: int = theme.GAP,
    margins: Margins = 0,
) -> QVBoxLayout:
    """Under each other."""
    layout = QVBoxLayout(parent) if parent is not None else QVBoxLayout()
    _fill(layout, items, spacing, margins)
    return layout


def line(
    parent: QWidget | None = None,
    *items: Item,
    spacing: int = theme.GAP,
    margins: Margins = 0,
) -> QHBoxLayout:
    """Side by side."""
    layout = QHBoxLayout(parent) if parent is not None else QHBoxLayout()
    _fill(layout, items, spacing, margins)
    return layout


def _fill(layout: QBoxLayout, items: tuple[Item, ...], spacing: int, margins: Margins) -> None:
    if isinstance(margins, int):
        margins = (margins, margins)
    layout.setContentsMargins(*(margins * 2 if len(margins) == 2 else margins))
    layout.setSpacing(spacing)
    for item in items:
        if item is None:
            layout.addStretch(1)
            continue
        inside, stretch = item if isinstance(item, tuple) else (item, 0)
        if isinstance(inside, QWidget):
            layout.addWidget(inside, stretch)
        else:
            layout.addLayout(inside, stretch)
