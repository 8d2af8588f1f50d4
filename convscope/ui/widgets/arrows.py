"""The arrow keys."""

from __future__ import annotations

from PySide6.QtCore import Qt

# (down, right) of each.
ARROWS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}
