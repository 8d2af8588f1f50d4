"""What a control is called: by scripts and tests, by those who cannot see it, and by who points at it."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtWidgets import QWidget

AnyWidget = TypeVar("AnyWidget", bound=QWidget)


def give(widget: AnyWidget, name: str, says: str = "", tip: str = "") -> AnyWidget:
    """Name a widget; returns it.

    Args:
        name: of the form "kernels.size".
        says: its accessible name; "": the text that is on it.
        tip: what is told on hover.
    """
    widget.setObjectName(name)
    if says:
        widget.setAccessibleName(says)
    if tip:
        widget.setToolTip(tip)
    return widget
