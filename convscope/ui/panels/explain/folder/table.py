"""The table: a picture, its class, how sure the network is, and what else it could be; thousands of rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QModelIndex,
    QRect,
    QRectF,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from convscope.core.printable import printable
from convscope.core.words import percent
from convscope.imaging.numerals import numeral
from convscope.jobs.jobs import Jobs
from convscope.ui import naming, theme
from convscope.ui.canvas.pixmaps import Pixmaps, fitted
from convscope.ui.canvas.thumbnail_loader import ThumbnailLoader
from convscope.ui.panels.explain.folder.answers import SKIPPED, FolderAnswers, FolderOrder, Sorting
from convscope.ui.tables.table import Index, Role, TableModel, name_column

PICTURE, CLASS, SHARE, NEXT = range(4)
SORTED_BY: tuple[Sorting | None, ...] = ("name", "class", "probability", None)
THUMB, ROW, INSET = 40, 48, 4
# Where there is room, so much of it for the bars.
BAR = 120
_FULL = "100.0 %"
_MEASURED = 200  # rows


class AnswersModel(TableModel[int]):
    """The rows that are shown, in their order: each the number of a picture among all answers."""

    rows: NDArray[np.int64]  # type: ignore[assignment]

    def __init__(self, parent: QWidget) -> None:
        super().__init__((), parent)
        self.answers: FolderAnswers | None = None
        self.show(None, FolderOrder())

    def show(self, answers: FolderAnswers | None, order: FolderOrder) -> None:
        """Other answers, more of them, or in another order."""
        self.beginResetModel()
        self.answers = answers
        self.rows = np.empty(0, np.int64) if answers is None else answers.rows(order)
        first, share = ("Class", "The most probable class"), ("Probability", "How sure the network is")
        if answers is not None and not answers.are_classes:
            first = ("Numbers", "All that the network puts out")
            share = (answers.names[0], "The number; a click sorts by it")
        self.columns = (
            name_column("Picture", "The file, within the folder", self._name),
            name_column(*first, self._first),
            name_column(*share, self._share),
            name_column("Next", "The second most probable class", self._next),
        )
        self.endResetModel()

    def special(self, row: int, column: int, role: int) -> str | None:
        return self.told(int(row)) if role == Role.ToolTipRole else None

    def _name(self, row: int) -> str:
        assert self.answers is not None
        return printable(self.answers.files[row].name)

    def _first(self, row: int) -> str:
        answers = self.answers
        assert answers is not None
        if answers.first[row] == SKIPPED:
            return _skipped(answers.problems[int(row)])
        if answers.are_classes:
            return answers.names[answers.first[row]]
        return "   ".join(numeral(float(number), 4) for number in answers.numbers[row])

    def _share(self, row: int) -> str:
        answers = self.answers
        assert answers is not None
        if answers.first[row] == SKIPPED:
            return ""
        first = float(answers.numbers[row, 0])
        return percent(first, fixed=True) if answers.are_classes else numeral(first)

    def _next(self, row: int) -> str:
        answers = self.answers
        assert answers is not None
        if answers.first[row] == SKIPPED or not answers.are_classes or answers.top < 2:
            return ""
        return self._pair(answers, row, 1)

    def told(self, row: int) -> str:
        """All that is known of a picture, on lines."""
        answers = self.answers
        assert answers is not None
        name = printable(answers.files[row].name)
        if row in answers.problems:
            return f"{name}\n{_skipped(answers.problems[row])}"
        return "\n".join([name, *(self._pair(answers, row, place) for place in range(answers.top))])

    def widest_numbers(self, metrics: QFontMetrics) -> int:
        """Of the rows that are shown first."""
        texts = (str(self.index(row, CLASS).data()) for row in range(min(self.rowCount(), _MEASURED)))
        return max(map(metrics.horizontalAdvance, texts), default=0)

    @staticmethod
    def _pair(answers: FolderAnswers, row: int, place: int) -> str:
        if not answers.are_classes:
            return f"{answers.names[place]}  {numeral(float(answers.numbers[row, place]))}"
        share = percent(float(answers.numbers[row, place]), fixed=True)
        return f"{answers.names[answers.classes[row, place]]}  {share}"


def _skipped(problem: str) -> str:
    return f"skipped: {problem}"


def fair(room: int, needs: dict[int, int]) -> dict[int, int]:
    """Room for several: who needs less than an equal part gets that, the others share what is left."""
    left, widths = dict(needs), dict[int, int]()
    while left:
        each = max(0, room) // len(left)
        content = {key: need for key, need in left.items() if need <= each}
        widths |= content or dict.fromkeys(left, each)
        room -= sum(content.values())
        left = {key: need for key, need in left.items() if key not in content} if content else {}
    return widths


class _RowPainter(QStyledItemDelegate):
    def __init__(self, table: AnswersTable) -> None:
        super().__init__(table)
        self._table = table

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        colours = theme.tokens()
        painter.save()
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        place: QRect = option.rect
        if chosen:
            painter.fillRect(place, QColor(colours.accent))
        text, quiet = (colours.on_accent,) * 2 if chosen else (colours.text, colours.secondary)
        inset = theme.scaled(INSET)
        room = place.adjusted(inset, 0, -inset, 0)
        row, column = self._table.row_at(index.row()), index.column()
        skipped = self._table.is_skipped(row)
        words = str(index.data() or "")
        if column == PICTURE:
            side = theme.scaled(THUMB)
            frame = QRect(room.left(), place.center().y() - side // 2, side, side)
            self._paint_thumbnail(painter, frame, row)
            room.setLeft(frame.right() + 1 + 2 * inset)
            self._write(painter, room, words, text, Qt.TextElideMode.ElideMiddle)
        elif column == CLASS:
            colour = (colours.on_accent if chosen else colours.warning) if skipped else text
            self._write(painter, room, words, colour, Qt.TextElideMode.ElideRight)
        elif column == SHARE and not skipped:
            self._paint_share(painter, room, row, words, text, chosen)
        else:
            self._write(painter, room, words, quiet, Qt.TextElideMode.ElideRight)
        painter.restore()

    def _write(self, painter: QPainter, room: QRect, words: str, colour: str, mode: Qt.TextElideMode) -> None:
        painter.setFont(theme.font(figures=False))
        painter.setPen(QColor(colour))
        shown = QFontMetrics(painter.font()).elidedText(words, mode, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)

    def _paint_thumbnail(self, painter: QPainter, frame: QRect, row: int) -> None:
        pixmap = self._table.pixmap(row)
        if pixmap is None or self._table.is_skipped(row):
            colours = theme.tokens()
            painter.fillRect(frame, QColor(colours.line if colours.dark else colours.window))
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawPixmap(fitted(frame, pixmap.width(), pixmap.height()), pixmap)

    def _paint_share(
        self, painter: QPainter, room: QRect, row: int, words: str, text: str, chosen: bool
    ) -> None:
        colours = theme.tokens()
        painter.setFont(theme.font(figures=True))
        painter.setPen(QColor(text))
        width = QFontMetrics(painter.font()).horizontalAdvance("100.0 %") + theme.scaled(INSET)
        painter.drawText(
            QRect(room.left(), room.top(), width, room.height()),
            Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight,
            words,
        )
        if not self._table.are_classes:
            return
        bar = QRectF(room.left() + width + theme.scaled(INSET), 0, 0, theme.scaled(6))
        bar.setRight(float(room.right()))
        bar.moveTop(room.center().y() - bar.height() / 2 + 1)
        if bar.width() < theme.scaled(24):
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        ground = QColor(colours.on_accent)
        ground.setAlphaF(0.3)
        painter.setBrush(ground if chosen else QColor(colours.line))
        painter.drawRoundedRect(bar, bar.height() / 2, bar.height() / 2)
        bar.setWidth(max(bar.height(), bar.width() * self._table.share(row)))
        painter.setBrush(QColor(colours.on_accent if chosen else colours.accent))
        painter.drawRoundedRect(bar, bar.height() / 2, bar.height() / 2)


class AnswersTable(QTableView):
    """The view of it. A click or Return opens a picture; the arrows go along them; a title sorts.

    Signals:
        opened: the path of a picture, within the folder.
        selected: the path of the picture that is chosen.
        order_asked: by which column, and whether the largest is first.
    """

    opened = Signal(str)
    selected = Signal(str)
    order_asked = Signal(str, bool)

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        naming.give(self, "explain.folder.table", "Pictures and what the network says of them")
        self.answers_model = AnswersModel(self)
        self.loader = ThumbnailLoader(jobs, "explain.folder.thumbnails", self)
        self.loader.arrived.connect(lambda _made: self.viewport().update())
        self._pixmaps = Pixmaps()
        self._measured: tuple[FolderAnswers | None, float] = (None, 0.0)
        self._widths: dict[int, int] = {}
        self._fitted: tuple[FolderAnswers | None, int] = (None, 0)
        self._order = FolderOrder()
        self._ask = QTimer(self)
        self._ask.setSingleShot(True)
        self._ask.timeout.connect(self._ask_for_thumbnails)
        self.setModel(self.answers_model)
        self.setItemDelegate(_RowPainter(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        down, across = self.verticalHeader(), self.horizontalHeader()
        down.hide()
        down.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        across.setSectionsClickable(True)
        across.setHighlightSections(False)
        across.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        across.setSortIndicatorShown(True)
        self._show_order()
        across.sectionClicked.connect(self._sort_by)
        self.clicked.connect(self._open)
        self.selectionModel().currentChanged.connect(self._tell_selected)
        self._fit()

    # What the delegate asks.

    def row_at(self, position: int) -> int:
        """The picture's row among all answers, of a row of the table."""
        return int(self.answers_model.rows[position])

    def is_skipped(self, row: int) -> bool:
        """Whether a picture has no answer."""
        answers = self.answers_model.answers
        return answers is not None and answers.first[row] == SKIPPED

    @property
    def are_classes(self) -> bool:
        """False: plain numbers, which are no shares."""
        answers = self.answers_model.answers
        return answers is None or answers.are_classes

    def share(self, row: int) -> float:
        """The probability of the first class."""
        answers = self.answers_model.answers
        return 0.0 if answers is None else min(1.0, max(0.0, float(answers.numbers[row, 0])))

    def pixmap(self, row: int) -> Any:
        """A thumbnail, if it has been made."""
        size = self._side()
        found = self._pixmaps.get(row, size)
        if found is None and (pixels := self.loader.picture(row, size)) is not None:
            found = self._pixmaps.put(row, size, pixels)
        return found

    # What the view tells.

    def begin(self, answers: FolderAnswers) -> None:
        """Pictures of another folder."""
        from convscope.engine.data.images import FileImages

        self._pixmaps.clear()
        self.loader.set_images(FileImages(answers.folder, [file.name for file in answers.files]))

    def show_answers(self, answers: FolderAnswers | None, order: FolderOrder, chosen: str) -> None:
        """Show what there is, in an order; the chosen picture stays chosen, and what is on show on show."""
        same = answers is not None and answers is self.answers_model.answers
        scroll = self.verticalScrollBar().value()
        self._order = order
        self._show_order()
        self.answers_model.show(answers, order)
        come = (answers, 0 if answers is None else answers.done)
        if come != self._fitted:
            self._fitted = come
            self._fit()
        self.choose(chosen)
        if same:
            self.verticalScrollBar().setValue(scroll)
        self._ask.start(0)

    def choose(self, name: str) -> None:
        """Choose the picture of this path within the folder, if it is shown."""
        answers = self.answers_model.answers
        row = None if answers is None else answers.row_of(name)
        found = [] if row is None else np.flatnonzero(self.answers_model.rows == row).tolist()
        if found and self.currentIndex().row() != found[0]:
            self.selectRow(found[0])

    # Events.

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self._open(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None: ...  # dragging along the rows chooses nothing

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()
        self._ask.start(0)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        super().scrollContentsBy(dx, dy)
        self._ask.start(0)

    def changeEvent(self, event: Any) -> None:
        super().changeEvent(event)
        if event.type() in (event.Type.FontChange, event.Type.StyleChange) and hasattr(self, "_pixmaps"):
            self._fit()
            self._ask.start(0)

    def showEvent(self, event: Any) -> None:
        super().showEvent(event)
        self._ask.start(0)

    # Inside.

    def _fit(self) -> None:
        self.verticalHeader().setMinimumSectionSize(theme.scaled(ROW))
        self.verticalHeader().setDefaultSectionSize(theme.scaled(ROW))
        room, needs = self.viewport().width(), self._needs()
        # What is second is told on hover, too.
        with_next = NEXT in needs and sum(needs.values()) <= room
        if not with_next:
            needs.pop(NEXT, None)
        self.setColumnHidden(NEXT, not with_next)
        widths = {SHARE: needs.pop(SHARE)}
        widths |= fair(room - widths[SHARE], needs)
        spare = room - sum(widths.values())
        if self.are_classes:
            widths[SHARE] += min(spare // 2, theme.scaled(BAR))
        widths[PICTURE] += room - sum(widths.values())
        for column, width in widths.items():
            self.setColumnWidth(column, width)

    def _needs(self) -> dict[int, int]:
        """The width of each column that cuts nothing off."""
        answers, inset = self.answers_model.answers, 2 * theme.scaled(INSET)
        metrics, figures = QFontMetrics(theme.font()), QFontMetrics(theme.font(figures=True))
        header = self.horizontalHeader()
        needs = {column: header.sectionSizeHint(column) + inset for column in range(len(SORTED_BY))}
        # What a style cuts is what has no point to spare.
        inset += 2
        share = figures.horizontalAdvance(_FULL) + theme.scaled(INSET)
        if answers is None:
            return needs
        names = max(map(metrics.horizontalAdvance, map(printable, answers.longest)), default=0)
        needs[PICTURE] = max(needs[PICTURE], names + theme.scaled(THUMB) + 2 * inset)
        reasons = {_skipped(problem) for problem in list(answers.problems.values())[:_MEASURED]}
        needs[CLASS] = max([needs[CLASS], *(metrics.horizontalAdvance(one) + inset for one in reasons)])
        if not answers.are_classes:
            needs.pop(NEXT)
            numbers = self.answers_model.widest_numbers(metrics)
            needs[CLASS] = max(needs[CLASS], numbers + inset)
            share = max(share, figures.horizontalAdvance("−0.000000e−00"))
        else:
            first, second = answers.found()
            needs[CLASS] = max(needs[CLASS], self._widest(answers, first, metrics) + inset)
            beside = metrics.horizontalAdvance(f"  {_FULL}")
            needs[NEXT] = max(needs[NEXT], self._widest(answers, second, metrics) + beside + inset)
        needs[SHARE] = max(needs[SHARE], share + inset)
        return needs

    def _widest(self, answers: FolderAnswers, classes: list[int], metrics: QFontMetrics) -> int:
        if self._measured != (answers, theme.zoom()):
            self._measured, self._widths = (answers, theme.zoom()), {}
        for index in classes:
            if index not in self._widths:
                self._widths[index] = metrics.horizontalAdvance(answers.names[index])
        return max((self._widths[index] for index in classes), default=0)

    def _sort_by(self, column: int) -> None:
        by = SORTED_BY[column]
        if by is None:
            self._show_order()
        else:
            falling = self.horizontalHeader().sortIndicatorOrder() == Qt.SortOrder.DescendingOrder
            self.order_asked.emit(by, falling)

    def _show_order(self) -> None:
        column = SORTED_BY.index(self._order.by)
        falling = Qt.SortOrder.DescendingOrder if self._order.falling else Qt.SortOrder.AscendingOrder
        self.horizontalHeader().setSortIndicator(column, falling)

    def _tell_selected(self, current: QModelIndex) -> None:
        answers = self.answers_model.answers
        if answers is not None and current.isValid():
            self.selected.emit(answers.files[self.row_at(current.row())].name)

    def _open(self, index: QModelIndex) -> None:
        answers, row = self.answers_model.answers, self.row_at(index.row())
        if answers is not None:
            self.opened.emit(answers.files[row].name)

    def _side(self) -> int:
        return round(theme.scaled(THUMB) * self.devicePixelRatioF())

    def _ask_for_thumbnails(self) -> None:
        count = self.answers_model.rowCount()
        if not count or not self.isVisible():
            return
        height = max(1, self.rowHeight(0))
        top = self.verticalScrollBar().value() // height
        bottom = min(count, top + self.viewport().height() // height + 2)
        rows = self.answers_model.rows[top:bottom]
        self.loader.ask(rows[[not self.is_skipped(int(row)) for row in rows]], self._side())
