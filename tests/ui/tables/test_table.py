"""A table is described by its columns: what is written, how it is sorted, where it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt

import convscope
from convscope.ui.tables.table import VALUE, Role, TableColumn, TableModel, name_column
from convscope.ui.tables.table_order import TableOrder

COLUMNS = (
    name_column("Name", "What it is called", lambda row: row[0], sort=lambda row: row[0].lower()),
    TableColumn("Size", "", lambda row: row[1], lambda v: "–" if v is None else f"{v:,}"),
)
ROWS: list[tuple[str, int | None]] = [("b", 2000), ("A", None), ("c", 10)]


class Marked(TableModel[Any]):
    """Whose first row has a colour of its own."""

    def special(self, row: Any, column: int, role: int) -> Any:
        return "red" if role == Role.ForegroundRole and row[0] == "b" else None


@pytest.fixture
def table() -> Marked:
    made = Marked(COLUMNS)
    made.show_rows(ROWS)
    return made


def test_cells_are_what_the_columns_say(table: Marked) -> None:
    shown = [[table.index(row, column).data() for column in range(2)] for row in range(3)]
    assert shown == [["b", "2,000"], ["A", "–"], ["c", "10"]]
    assert table.index(1, 0).data(VALUE) == "a" and table.index(1, 1).data(VALUE) is None
    assert table.index(0, 0).data(Role.ForegroundRole) == "red"
    assert table.index(1, 0).data(Role.ForegroundRole) is None


def test_numbers_stand_at_the_right_and_names_at_the_left(table: Marked) -> None:
    for column, side in enumerate((Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight)):
        for told in (
            table.index(0, column).data(Role.TextAlignmentRole),
            table.headerData(column, Qt.Orientation.Horizontal, Role.TextAlignmentRole),
        ):
            assert Qt.AlignmentFlag(told) & side
    assert table.index(0, 0).data(Role.FontRole) is None and table.index(0, 1).data(Role.FontRole) is not None


@pytest.mark.parametrize(
    ("order", "names"),
    [(Qt.SortOrder.AscendingOrder, ["c", "b", "A"]), (Qt.SortOrder.DescendingOrder, ["b", "c", "A"])],
)
def test_what_is_unknown_stands_last(table: Marked, order: Qt.SortOrder, names: list[str]) -> None:
    sorted_ = TableOrder()
    sorted_.setSourceModel(table)
    sorted_.sort(1, order)
    assert [sorted_.index(row, 0).data() for row in range(3)] == names


def test_every_table_list_and_tree_has_one_of_two_models() -> None:
    """What is shown in rows is described by its columns; nobody writes a model of Qt's by hand."""
    package = Path(convscope.__file__).parent
    own = re.compile(r"class \w+\(QAbstract(Table|List|Item)Model|QStandardItemModel\(")
    found = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if own.search(path.read_text("utf-8"))
    }
    assert found == {"ui/tables/table.py", "ui/tables/tree.py"}


def test_what_is_painted_has_no_words() -> None:
    model = TableModel((name_column("Image", "", str, lambda _name: None),))
    model.show_rows([1])
    assert model.index(0, 0).data() is None
