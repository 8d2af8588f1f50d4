"""A layout that sets its widgets in lines, as words in a paragraph."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class FlowLayout(QLayout):
    """Widgets from left to right, and on the next line where there is no more room.

    Args:
        across, down: the gaps.
        even: stretch all widgets to columns of equal width, at least as wide as the widest's minimum, and all
            of a line to the same height (cards).
    """

    def __init__(
        self, parent: QWidget | None = None, across: int = 8, down: int = 8, *, even: bool = False
    ) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        # Asking a card with wrapped words for its size takes long, and Qt asks many times over.
        self._least: dict[int, QSize] = {}
        self._heights: dict[tuple[int, int], int] = {}
        self._all: dict[int, int] = {}  # the height of all lines at a width
        self._across, self._down, self._even = across, down, even
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)
        self._all.clear()

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        self._all.clear()
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def invalidate(self) -> None:
        self._least.clear()
        self._heights.clear()
        self._all.clear()
        super().invalidate()

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        if width not in self._all:
            self._all[width] = self._arrange(QRect(0, 0, width, 0), move=False)
        return self._all[width]

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, move=True)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._items:
            size = size.expandedTo(self._least_of(item))
        margins = self.contentsMargins()
        return size + QSize(margins.left() + margins.right(), margins.top() + margins.bottom())

    def _arrange(self, rect: QRect, *, move: bool) -> int:
        margins = self.contentsMargins()
        left, top = rect.left() + margins.left(), rect.top() + margins.top()
        room = rect.width() - margins.left() - margins.right()
        items = [item for item in self._items if not item.isEmpty()]
        width = 0
        if self._even and items:
            least = max(self._least_of(item).width() for item in items)
            columns = max(1, (room + self._across) // (least + self._across))
            width = (room - (columns - 1) * self._across) // columns
        line: list[tuple[QLayoutItem, int]] = []
        x = 0
        for item in items:
            wide = width or min(item.sizeHint().width(), room)
            if line and x + wide > room:
                top += self._place(line, left, top, move) + self._down
                line, x = [], 0
            line.append((item, wide))
            x += wide + self._across
        if line:
            top += self._place(line, left, top, move)
        return top - rect.top() + margins.bottom()

    def _place(self, line: list[tuple[QLayoutItem, int]], left: int, top: int, move: bool) -> int:
        heights = [self._height_of(item, wide) for item, wide in line]
        tallest = max(heights)
        if move:
            for (item, wide), height in zip(line, heights, strict=True):
                # Controls of unequal height stand on one base line.
                at = QPoint(left, top if self._even else top + tallest - height)
                item.setGeometry(QRect(at, QSize(wide, tallest if self._even else height)))
                left += wide + self._across
        return tallest

    def _least_of(self, item: QLayoutItem) -> QSize:
        found = self._least.get(id(item))
        if found is None:
            found = self._least[id(item)] = item.minimumSize()
        return found

    def _height_of(self, item: QLayoutItem, width: int) -> int:
        key = (id(item), width)
        if key not in self._heights:
            tall = item.hasHeightForWidth()
            self._heights[key] = item.heightForWidth(width) if tall else item.sizeHint().height()
        return self._heights[key]
