"""Paints one layer of the list: its lines, name and settings, shape, and parameters with their sum."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from convscope.engine.models.layer_specs import KINDS
from convscope.engine.models.summary.receptive_words import short
from convscope.ui import theme
from convscope.ui.panels.model.build.rows import Arc, LayerRows
from convscope.ui.panels.model.words import settings_words, shape_words

ROW, LANE, SPINE = 46, 12, 22
SHAPE, PARAMETERS = 132, 176
_LANE_LIMIT = 10


class RowPainter(QStyledItemDelegate):
    """The look of a row.

    Args:
        rows: the layers.
        extra: the height under a row's lines that a form takes there.
    """

    def __init__(self, rows: LayerRows, extra: Callable[[int], int], parent: QWidget) -> None:
        super().__init__(parent)
        self._rows = rows
        self._extra = extra

    def gutter(self) -> int:
        """The width of the lines at the left."""
        return theme.scaled(min(self._rows.arcs.lanes, _LANE_LIMIT) * LANE + SPINE + theme.GAP)

    def columns(self, width: int) -> tuple[int, int]:
        """The widths of the shape and of the parameters in a list of this width; narrow where it is."""
        roomy = width > theme.scaled(620)
        return theme.scaled(SHAPE if roomy else 92), theme.scaled(PARAMETERS if roomy else 108)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(theme.scaled(200), theme.scaled(ROW) + self._extra(index.row()))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        colours = theme.tokens()
        row = index.row()
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        body = QRectF(rect).adjusted(self.gutter(), 1, -2, -1)
        selected = bool(state & QStyle.StateFlag.State_Selected)
        hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        if selected or hovered:
            fill = QColor(colours.accent)
            fill.setAlpha(22 if selected else 10)
            painter.setPen(QPen(QColor(colours.accent), 1) if selected else Qt.PenStyle.NoPen)
            painter.setBrush(fill)
            painter.drawRoundedRect(body, theme.RADIUS, theme.RADIUS)
        elif row + 1 < self._rows.rowCount():
            painter.setPen(QPen(QColor(colours.line), 1))
            painter.drawLine(QPointF(body.left(), rect.bottom()), QPointF(body.right(), rect.bottom()))
        self._lines(painter, row, rect, colours)
        self._words(painter, row, rect, colours)
        painter.restore()

    def _words(self, painter: QPainter, row: int, rect: QRect, colours: theme.Tokens) -> None:
        spec, info = self._rows.spec(row), self._rows.info(row)
        shape_width, sum_width = self.columns(rect.width())
        gap, half = theme.scaled(theme.GROUP_GAP), theme.scaled(ROW) // 2
        top = rect.top() + theme.scaled(4)
        right = rect.right() - gap
        left = rect.left() + self.gutter() + gap
        middle = right - sum_width - shape_width
        first = QRect(left, top, max(10, middle - left - gap), half - theme.scaled(4))
        second = first.translated(0, half - theme.scaled(3))
        bold, plain = theme.font(13, weight=QFont.Weight.DemiBold), theme.font(13)
        small = theme.font(11)
        flag = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft

        def write(box: QRect, text: str, font: QFont, colour: str, align: Qt.AlignmentFlag = flag) -> int:
            painter.setFont(font)
            painter.setPen(QColor(colour))
            short = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, box.width())
            painter.drawText(box, align, short)
            return painter.fontMetrics().horizontalAdvance(short)

        used = write(first, spec.name, bold, colours.bad if info.problem else colours.text)
        rest = first.adjusted(used + theme.scaled(8), 0, 0, 0)
        if rest.width() > theme.scaled(24):
            write(rest, KINDS[spec.kind].title.lower() or spec.kind, plain, colours.secondary)
        if info.problem:
            size = theme.scaled(14)
            sign = QRect(second.left(), second.center().y() - size // 2, size, size)
            theme.icon("triangle-alert", colours.bad).paint(painter, sign)
            # A sentence may run under the columns: where there is a problem they are empty.
            wide = QRect(
                second.left() + size + 6, second.top(), right - second.left() - size - 6, second.height()
            )
            write(wide, info.problem, small, colours.bad)
        else:
            write(second, settings_words(spec), small, colours.secondary)
        right_flag = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        shape = QRect(middle, top, shape_width, first.height())
        write(
            shape,
            shape_words(info.shape),
            plain,
            colours.text if info.shape else colours.disabled,
            right_flag,
        )
        if info.problem or info.shape is None:
            return
        total = QRect(right - sum_width + gap, top, sum_width - gap, first.height())
        write(
            total,
            f"{info.parameters:,}",
            plain,
            colours.text if info.parameters else colours.disabled,
            right_flag,
        )
        lower = QRect(total.left(), second.top(), total.width(), second.height())
        if info.field is not None and spec.kind != "InputLayer":
            field = short(info.field)
            seen = f"sees {'the whole image' if field == 'all' else field}"
            write(shape.translated(0, half - theme.scaled(3)), seen, small, colours.secondary, right_flag)
        if info.parameters:
            write(lower, info.formula.rpartition(" = ")[0], small, colours.secondary, right_flag)
            self._share(painter, row, total, colours)

    def _share(self, painter: QPainter, row: int, box: QRect, colours: theme.Tokens) -> None:
        """A bar for the layer's share of all parameters, under the numbers."""
        total = self._rows.summary.totals.parameters
        width = box.width() * self._rows.info(row).parameters / max(total, 1)
        bar = QRectF(
            box.right() + 1 - width, box.top() + theme.scaled(ROW) - theme.scaled(8), width, theme.scaled(3)
        )
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.accent))
        painter.drawRoundedRect(bar, 1.5, 1.5)

    def _lines(self, painter: QPainter, row: int, rect: QRect, colours: theme.Tokens) -> None:
        """The way from layer to layer as a spine with dots, and arcs for what runs past."""
        arcs = self._rows.arcs
        spine = rect.left() + self.gutter() - theme.scaled(SPINE) + theme.scaled(8)
        centre = rect.top() + theme.scaled(ROW) / 2
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colours.secondary), 1.5))
        if arcs.joined[row]:
            painter.drawLine(QPointF(spine, rect.top()), QPointF(spine, centre))
        if row + 1 < len(arcs.joined) and arcs.joined[row + 1]:
            painter.drawLine(QPointF(spine, centre), QPointF(spine, rect.bottom() + 1))
        for arc in arcs.by_row[row]:
            self._arc(painter, arc, row, rect, spine, centre)
        problem = self._rows.info(row).problem
        painter.setPen(QPen(QColor(colours.bad if problem else colours.secondary), 1.5))
        painter.setBrush(QColor(colours.panel))
        radius = theme.scaled(4)
        painter.drawEllipse(QPointF(spine, centre), radius, radius)

    def _arc(self, painter: QPainter, arc: Arc, row: int, rect: QRect, spine: float, centre: float) -> None:
        lane = min(arc.lane, _LANE_LIMIT - 1)
        x = spine - theme.scaled(LANE) * (lane + 1)
        bend, dot = float(theme.scaled(6)), float(theme.scaled(4))
        colour = QColor(theme.SERIES[lane % len(theme.SERIES)])
        painter.setPen(QPen(colour, 2))
        path = QPainterPath()
        if row == arc.source:
            path.moveTo(spine - dot, centre)
            path.lineTo(x + bend, centre)
            path.quadTo(x, centre, x, centre + bend)
            path.lineTo(x, rect.bottom() + 1)
        elif row == arc.targets[-1]:
            path.moveTo(x, rect.top())
            path.lineTo(x, centre - bend)
            path.quadTo(x, centre, x + bend, centre)
            path.lineTo(spine - dot, centre)
        else:
            path.moveTo(x, rect.top())
            path.lineTo(x, rect.bottom() + 1)
            if row in arc.targets:
                path.moveTo(x, centre)
                path.lineTo(spine - dot, centre)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)
        if row in arc.targets:
            tip, size = spine - dot, theme.scaled(4)
            painter.setBrush(colour)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawPolygon(
                QPolygonF(
                    [
                        QPointF(tip, centre),
                        QPointF(tip - size, centre - size),
                        QPointF(tip - size, centre + size),
                    ]
                )
            )
