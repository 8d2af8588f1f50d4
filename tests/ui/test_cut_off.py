"""What finds words that are cut off is itself tried: on pages whose faults are known."""

from __future__ import annotations

from cut_off import Fault, cut_off
from PySide6.QtCore import QPoint
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from convscope.ui.layout.elided import ElidedLabel


class Title(QWidget):
    """Words that end in an ellipsis, painted by hand beyond its own right edge."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Wider than it is."""
        painter = QPainter(self)
        painter.drawText(QPoint(0, 20), "the accuracy of this network on all ima…")
        painter.end()


def test_who_painted_is_not_one_that_is_scrolled_away(qtbot: QtBot) -> None:
    """It began at the same place, and may shorten its words: the fault was taken for none."""
    page = QWidget()
    qtbot.addWidget(page)
    page.resize(400, 200)
    area = QScrollArea(page)
    area.setObjectName("area")
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    area.setGeometry(0, 30, 400, 170)
    inside = QWidget()
    inside.setFixedSize(300, 1000)
    name = ElidedLabel("caption")
    name.setParent(inside)
    name.setObjectName("name")
    name.setToolTip("a name")
    name.setGeometry(0, 0, 100, 25)
    area.setWidget(inside)
    title = Title(page)
    title.setObjectName("title")
    title.setGeometry(0, 0, 40, 30)
    page.show()
    area.verticalScrollBar().setValue(30)
    QApplication.processEvents()
    assert name.mapTo(page, QPoint()) == title.pos()
    found = cut_off(page)
    assert Fault("title", "words are shortened") in found
    assert not any(fault.widget == "name" for fault in found)
