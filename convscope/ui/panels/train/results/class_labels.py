"""Classes beside a picture of all of them: by their names, or by numbers where names are long."""

from __future__ import annotations

from PySide6.QtGui import QFontMetrics

from convscope.ui import theme

WIDEST = 110  # pixels of a name that still leaves the picture its room


def long_names(classes: tuple[str, ...]) -> bool:
    """Whether one of the names is too long to stand along a picture."""
    metrics = QFontMetrics(theme.font(12))
    return any(metrics.horizontalAdvance(name) > theme.scaled(WIDEST) for name in classes)


def numbered(classes: tuple[str, ...]) -> tuple[str, ...]:
    """The names, with the numbers in front that stand for them where they are long."""
    return tuple(f"{n}  {name}" for n, name in enumerate(classes)) if long_names(classes) else classes


def labels(classes: tuple[str, ...]) -> tuple[str, ...]:
    """What stands along a picture: the names, or their numbers."""
    return tuple(map(str, range(len(classes)))) if long_names(classes) else classes
