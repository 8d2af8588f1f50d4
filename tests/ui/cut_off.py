"""What a reader would miss: words that end in "…" or at an edge, names squeezed beside empty columns, and
pages that are wider than what is seen of them.

`faults` asks the widgets whether their words fit. Here it is looked at what was painted, by whomever.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from painted import Words, painted
from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QAction, QFontMetrics
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QListView,
    QScrollArea,
    QStyleOptionViewItem,
    QTableView,
    QTreeView,
    QWidget,
)

from convscope.ui.canvas.image_view import ImageView
from convscope.ui.forms.elided_combo import ElidedCombo
from convscope.ui.layout.elided import ElidedLabel
from convscope.ui.panels.train.live.network_view import SamplesView
from convscope.ui.panels.train.results.confusion import ConfusionView
from convscope.ui.plots.legend import Legend

SMALLEST = 9  # pixels of the smallest type
SLACK = 24  # pixels in the other columns that a squeezed name could have had
MARKS = "\u200b"


@dataclass(frozen=True, order=True)
class Fault:
    """What is wrong with one widget.

    Attributes:
        widget: its name.
        kind: what is wrong, without words and measures: it reads the same on every machine.
        words: which words, for the eyes of who mends it.
    """

    widget: str
    kind: str
    words: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.widget} | {self.kind}"


def cut_off(root: QWidget) -> set[Fault]:
    """All that is wrong with what is on show in a window."""
    shown = list(_shown(root))
    found = set(_painted_faults(root, shown))
    for widget in shown:
        name = _name(widget)
        if isinstance(widget, QAbstractItemView):
            found |= {Fault(name, kind, words) for kind, words in _columns(widget)}
        if isinstance(widget, QScrollArea) and _wider(widget):
            found.add(Fault(name, "wider inside than seen, and does not scroll"))
        if isinstance(widget, QComboBox) and not labelled(widget):
            found.add(Fault(name, "a choice without a word that says of what"))
        if _outside(widget):
            found.add(Fault(name, "reaches out of what it lies in"))
    return found


def labelled(box: QComboBox) -> bool:
    """Whether words beside or above a choice, or its own first words, say what is chosen."""
    if box.isEditable() or ": " in box.currentText() or (isinstance(box, ElidedCombo) and box.says):
        return True
    window, area = box.window(), _area(box)
    for label in window.findChildren(QLabel):
        if not label.isVisible() or not label.text().strip() or label.window() is not window:
            continue
        if label.buddy() is box:
            return True
        other = _area(label)
        beside = other.right() <= area.left() + 2 and area.left() - other.right() < 24
        level = other.center().y() >= area.top() and other.center().y() <= area.bottom()
        above = other.bottom() <= area.top() + 2 and area.top() - other.bottom() < 12
        over = other.left() < area.right() and other.right() > area.left() and other.left() >= area.left() - 4
        if (beside and level) or (above and over):
            return True
    return False


def _shown(root: QWidget) -> Iterator[QWidget]:
    for widget in root.findChildren(QWidget):
        if widget.isVisible() and widget.window() is root.window() and widget.width() and widget.height():
            yield widget


def _name(widget: QWidget | None) -> str:
    """The nearest name, and the kind of what has none itself."""
    kind, at = "", widget
    while at is not None and (not at.objectName() or at.objectName().startswith("qt_")):
        if not kind and not isinstance(at.parentWidget(), QAbstractScrollArea):
            kind = f"{type(at).__name__} in "
        at = at.parentWidget()
    return f"{kind}{at.objectName() if at is not None else '?'}"


def _area(widget: QWidget) -> QRect:
    return QRect(widget.mapTo(widget.window(), QPoint()), widget.size())


# -- what was painted ----------------------------------------------------------------------------------------


def _painted_faults(root: QWidget, shown: Sequence[QWidget]) -> Iterator[Fault]:
    own = _own_words(root)
    corners: dict[tuple[int, int], list[QWidget]] = {}
    for widget in shown:
        corner = widget.mapTo(root, QPoint())
        corners.setdefault((corner.x(), corner.y()), []).append(widget)
    for words in painted(root):
        owner = _owner(root, words, corners.get((words.origin.x(), words.origin.y()), []))
        text = words.text.replace(MARKS, "").strip()
        for kind in _kinds(root, words, text, owner, own):
            yield Fault(_name(owner), kind, text)


def _owner(root: QWidget, words: Words, there: Sequence[QWidget]) -> QWidget | None:
    """Who painted it: the innermost widget whose corner the painter started from, or who lies there."""
    found = None
    # What is scrolled away may begin at the same place, and painted nothing there.
    there = [each for each in there if _seen_at(root, each, words)] or there
    seen = root.childAt(words.area.center().toPoint())
    for widget in there:
        if seen is not None and widget is not seen and not widget.isAncestorOf(seen):
            continue
        if found is None or found.isAncestorOf(widget):
            found = widget
    return found or (there[-1] if there else None) or seen or root.childAt(words.origin)


def _seen_at(root: QWidget, widget: QWidget, words: Words) -> bool:
    """Whether some of a widget is seen where some of the words are."""
    seen = widget.visibleRegion().translated(widget.mapTo(root, QPoint()))
    return seen.intersects(words.area.toAlignedRect())


def _own_words(root: QWidget) -> set[str]:
    """All that a control says when nothing is left out, "…" that belong to it included."""
    found: set[str] = set()
    for widget in root.findChildren(QWidget):
        if isinstance(widget, QLabel | QAbstractButton | QLineEdit):
            found.add(widget.text())
        if isinstance(widget, QLineEdit):
            found.add(widget.placeholderText())
        if isinstance(widget, QComboBox):
            found |= {widget.placeholderText(), *(widget.itemText(n) for n in range(widget.count()))}
    found |= {action.text() for action in root.findChildren(QAction)}
    return {each.replace(MARKS, "").replace("&", "") for each in found if "…" in each}


def _kinds(root: QWidget, words: Words, text: str, owner: QWidget | None, own: set[str]) -> Iterator[str]:
    if "…" in text and not any(text in each for each in own) and not _may_shorten(owner, words, text):
        yield "words are shortened"
    if words.pixels < SMALLEST:
        yield "words are tiny"
    if owner is None or isinstance(owner, QLineEdit):
        return
    across, down = _clip(root, owner)
    if words.area.left() < across[0] - 2 or words.area.right() > across[1] + 2:
        yield "words end at an edge"
    if down is not None and (words.area.center().y() < down[0] or words.area.center().y() > down[1]):
        yield "words are cut below"


def _may_shorten(owner: QWidget | None, words: Words, text: str) -> bool:
    """Whether the whole is at hand: in a tooltip, a list, the row beside. Cells have a rule of their own."""
    if isinstance(owner, ElidedLabel | QLineEdit):
        return bool(owner.toolTip()) and owner.property("role") in ("caption", None)
    if isinstance(owner, ElidedCombo):
        return True
    if isinstance(owner, ImageView | Legend | SamplesView):
        # Names of the user's, in their middle: what they begin and end with is told, and what stands beside.
        return not text.startswith("…") and not text.endswith("…")
    if isinstance(owner, ConfusionView):
        # The columns are the rows' classes in the same order, and those have their names whole.
        return words.turned
    if owner is None or isinstance(owner, QHeaderView) or isinstance(owner.parentWidget(), QHeaderView):
        return False
    view = owner.parentWidget()
    return isinstance(view, QTreeView | QTableView)


def _clip(root: QWidget, widget: QWidget) -> tuple[tuple[float, float], tuple[float, float] | None]:
    """Left and right of what can be seen of a widget, and its top and bottom; what scrolls is seen whole."""
    across, down = (-1e9, 1e9), (-1e9, 1e9)
    scrolls_across = scrolls_down = False
    at: QWidget | None = widget
    while at is not None:
        above = at.parentWidget()
        if isinstance(above, QHeaderView):
            above = above.parentWidget()
        if isinstance(above, QAbstractScrollArea):
            # What is behind its edge is a turn of the wheel away.
            scrolls_across |= above.horizontalScrollBar().maximum() > 0 and _bar_shown(above)
            scrolls_down |= above.verticalScrollBar().maximum() > 0
        area = QRectF(QRect(at.mapTo(root, QPoint()), at.size()))
        if not scrolls_across:
            across = (max(across[0], area.left()), min(across[1], area.right()))
        if not scrolls_down:
            down = (max(down[0], area.top()), min(down[1], area.bottom()))
        if at is root:
            break
        at = above
    return across, None if scrolls_down else down


def _bar_shown(area: QAbstractScrollArea) -> bool:
    return area.horizontalScrollBarPolicy() != Qt.ScrollBarPolicy.ScrollBarAlwaysOff


# -- pages and columns ---------------------------------------------------------------------------------------


def _wider(area: QScrollArea) -> bool:
    inside = area.widget()
    if inside is None or inside.width() <= area.viewport().width() + 1:
        return False
    return not _bar_shown(area)


def _outside(widget: QWidget) -> bool:
    parent = widget.parentWidget()
    if parent is None or widget.isWindow() or not parent.layout():
        return False
    if parent.layout().indexOf(widget) < 0:
        # Laid over it on purpose.
        return False
    return not parent.rect().adjusted(-1, -1, 1, 1).contains(widget.geometry())


def _columns(view: QAbstractItemView) -> Iterator[tuple[str, str]]:
    """Names squeezed beside room that nothing needs, numbers cut at all, rows too low for their words."""
    model = view.model()
    if not isinstance(view, QTreeView | QTableView) or not isinstance(model, QAbstractItemModel):
        if isinstance(view, QListView) and view.viewMode() == QListView.ViewMode.ListMode:
            yield from _rows_cut(view)
        return
    header = view.header() if isinstance(view, QTreeView) else view.horizontalHeader()
    columns = [column for column in range(header.count()) if not header.isSectionHidden(column)]
    needed = {column: header.sectionSizeHint(column) if header.isVisible() else 0 for column in columns}
    cut: dict[int, set[str]] = {column: set() for column in columns}
    for row in _rows(view):
        for column in columns:
            index = row.siblingAtColumn(column)
            area = view.visualRect(index)
            text, wide, high = _measure(view, index)
            needed[column] = max(needed[column], wide + view.columnWidth(column) - area.width())
            if text and wide > area.width() + 1 and not view.indexWidget(index):
                cut[column].add(text)
            if text and area.height() < high:
                yield "rows are lower than their words", text
    spare = view.viewport().width() - sum(header.sectionSize(column) for column in columns)
    for column in columns:
        spare_beside = max(0, spare) + sum(
            max(0, header.sectionSize(other) - needed[other]) for other in columns if other != column
        )
        number = _is_number(model, column)
        for text in sorted(cut[column]):
            if number:
                yield "numbers are cut", text
            elif spare_beside >= SLACK:
                yield "names are cut beside empty columns", text


def _rows_cut(view: QListView) -> Iterator[tuple[str, str]]:
    for row in range(view.model().rowCount(view.rootIndex())):
        index = view.model().index(row, 0, view.rootIndex())
        area = view.visualRect(index)
        if not area.intersects(view.viewport().rect()):
            continue
        text, wide, _high = _measure(view, index)
        if text and wide > view.viewport().width() + 1 and not view.horizontalScrollBar().isVisible():
            yield "rows are cut", text


def _rows(view: QTreeView | QTableView) -> Iterator[QModelIndex]:
    """The first cells of all rows on show."""
    bottom = view.viewport().height()
    index = view.indexAt(QPoint(2, 2))
    seen = 0
    while index.isValid() and seen < 200:
        first = index.siblingAtColumn(0)
        yield first
        seen += 1
        if isinstance(view, QTreeView):
            index = view.indexBelow(first)
        else:
            index = view.model().index(first.row() + 1, 0, view.rootIndex())
        if index.isValid() and view.visualRect(index).top() > bottom:
            return


def _measure(view: QAbstractItemView, index: QModelIndex) -> tuple[str, int, int]:
    """A cell's words, and the width and height that they need."""
    option = QStyleOptionViewItem()
    view.initViewItemOption(option)
    delegate = view.itemDelegateForIndex(index)
    delegate.initStyleOption(option, index)
    text = option.text.replace(MARKS, "")
    metrics = QFontMetrics(option.font)
    return text, delegate.sizeHint(option, index).width(), metrics.ascent()


def _is_number(model: QAbstractItemModel, column: int) -> bool:
    alignment = model.headerData(column, Qt.Orientation.Horizontal, Qt.ItemDataRole.TextAlignmentRole)
    return bool(alignment is not None and int(alignment) & int(Qt.AlignmentFlag.AlignRight))
