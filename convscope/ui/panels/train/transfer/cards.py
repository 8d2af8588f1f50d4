"""One card a way of using a pretrained network: what it does, what it costs, what it reached."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from convscope.ui import theme
from convscope.ui.forms.form import caption
from convscope.ui.widgets.flow import FlowLayout


class Card(QFrame):
    """A framed way: title, two sentences, its own controls, cost, result, button.

    Args:
        name: object names begin with it.
        title, says: what it is.
        button: what the button says.

    Signals:
        started: the button was clicked.
    """

    started = Signal()

    def __init__(self, name: str, title: str, says: str, button: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setProperty("role", "raised")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.GROUP_GAP, theme.GAP, theme.GROUP_GAP, theme.GAP)
        column.setSpacing(theme.GRID)
        heading = theme.label(title, "title")
        heading.setWordWrap(True)
        column.addWidget(heading)
        column.addWidget(caption(f"{name}.says", says))
        self.own = QVBoxLayout()
        self.own.setSpacing(theme.GRID)
        column.addLayout(self.own)
        column.addStretch(1)
        self.cost = caption(f"{name}.cost")
        self.tensors = theme.label("", "heading")
        self.tensors.setObjectName(f"{name}.tensors")
        # A card is as wide as its share of the page, whatever comes to be known.
        self.tensors.setWordWrap(True)
        self.reached = QLabel()
        self.reached.setObjectName(f"{name}.reached")
        self.reached.setWordWrap(True)
        for label in (self.tensors, self.cost, self.reached):
            column.addWidget(label)
        self.reached.hide()
        # Their lines are there before there is anything in them: no button moves when a cost is known.
        self.set_cost("")
        self.start = QPushButton(button)
        self.start.setObjectName(f"{name}.start")
        self.start.setAccessibleName(f"{button}: {title}")
        self.start.clicked.connect(lambda: self.started.emit())
        self.buttons = FlowLayout(across=theme.GRID, down=theme.GRID)
        self.buttons.addWidget(self.start)
        column.addLayout(self.buttons)

    def set_cost(self, sentence: str, tensors: str = "") -> None:
        """What it will take."""
        self.cost.setText(sentence or " ")
        self.tensors.setText(tensors or " ")

    def set_reached(self, sentence: str) -> None:
        """What the last run of this way came to."""
        self.reached.setText(sentence)
        self.reached.setVisible(bool(sentence))
