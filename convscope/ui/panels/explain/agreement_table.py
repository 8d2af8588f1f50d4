"""How far the maps on the grid agree: a table with the maps' names on both sides."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from convscope.core.words import percent
from convscope.engine.interpret.attribution.sanity_checks.agreement import Agreement
from convscope.imaging.numerals import decimal
from convscope.ui import theme

PADDING = 6
WIDEST_NAMES = 0.4  # of the table, for the names at its left
LEAST_CELL = 44
_CENTRE = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap


class Names(QHeaderView):
    """Names in whole words over narrow columns: broken into lines, or upright where a word is wider."""

    def __init__(self, orientation: Qt.Orientation) -> None:
        super().__init__(orientation)
        self.names: tuple[str, ...] = ()
        self.upright = False
        self.setSectionsClickable(False)

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        if not 0 <= section < len(self.names):
            return
        painter.save()
        painter.setFont(theme.font(11))
        painter.setPen(QColor(theme.tokens().secondary))
        inside, name = rect.adjusted(PADDING // 2, 0, -PADDING // 2, -2), self.names[section]
        if self.orientation() == Qt.Orientation.Vertical:
            flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(inside, flags, name)
        elif self.upright:
            painter.translate(QPointF(rect.left(), rect.bottom() - 2))
            painter.rotate(-90)
            place = QRect(0, 0, rect.height() - 2, rect.width())
            painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
        else:
            painter.drawText(
                inside,
                Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom | Qt.TextFlag.TextWordWrap,
                name,
            )
        painter.restore()


class AgreementTable(QTableWidget):
    """Rank correlations, pair by pair; a cell tells more on hover."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: Agreement | None = None
        self.across, self.down = Names(Qt.Orientation.Horizontal), Names(Qt.Orientation.Vertical)
        self.setHorizontalHeader(self.across)
        self.setVerticalHeader(self.down)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.across.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.setCornerButtonEnabled(False)
        self.down.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)

    def show_agreement(self, made: Agreement) -> None:
        self._shown = made
        names = made.names
        self.across.names = self.down.names = names
        count = len(names)
        self.setRowCount(count)
        self.setColumnCount(count)
        # What a reader of the screen says; painted are the same words.
        self.setVerticalHeaderLabels(list(names))
        self.setHorizontalHeaderLabels(list(names))
        for a in range(count):
            for b in range(count):
                rank = float(made.rank[a, b])
                item = QTableWidgetItem(correlation(rank))
                item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                item.setBackground(theme.tokens().signed(rank * 0.7, 1.0))
                item.setForeground(QColor(theme.tokens().text))
                item.setToolTip(
                    f"{made.titles[a]} and {made.titles[b]}\nrank correlation {decimal(rank, 3)}\n"
                    f"hottest {percent(made.top)} in common: {percent(float(made.overlap[a, b]))}"
                )
                self.setItem(a, b, item)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.FontChange):
            self._fit()

    def _fit(self) -> None:
        """Room for whole names, and as high as its rows."""
        if self._shown is None:
            return
        names, metrics = self.down.names, QFontMetrics(theme.font(11))
        widest = max(metrics.horizontalAdvance(name) for name in names) + 2 * PADDING
        longest_word = max(metrics.horizontalAdvance(word) for name in names for word in name.split())
        at_most = round(WIDEST_NAMES * self.width())
        left = max(min(widest, at_most), longest_word + 2 * PADDING)
        # A cell's number stays whole: then the columns are scrolled.
        column = max((self.width() - left - 4) // len(names), theme.scaled(LEAST_CELL))
        self.across.setMinimumSectionSize(theme.scaled(LEAST_CELL))
        self.across.upright = longest_word + PADDING > column
        if self.across.upright:
            top = widest
        else:
            top = max(_wrapped(metrics, name, column - PADDING) for name in names) + PADDING
        row = max(
            theme.scaled(26), max(_wrapped(metrics, name, left - PADDING) for name in names) + PADDING // 2
        )
        self.down.setFixedWidth(left)
        self.across.setFixedHeight(top)
        self.down.setMinimumSectionSize(row)
        self.down.setDefaultSectionSize(row)
        bar = self.horizontalScrollBar().sizeHint().height() if self._too_wide(left) else 0
        self.setFixedHeight(top + len(names) * row + 4 + bar)

    def _too_wide(self, left: int) -> bool:
        return left + self.columnCount() * theme.scaled(LEAST_CELL) > self.width()

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(320), self.height())


def correlation(value: float) -> str:
    """With two decimals and a true minus sign; what rounds to 0 has no sign."""
    return decimal(value, 2)


def _wrapped(metrics: QFontMetrics, words: str, width: int) -> int:
    """How high these words are in so much room."""
    return metrics.boundingRect(QRect(0, 0, max(1, width), 10_000), int(_CENTRE), words).height()
