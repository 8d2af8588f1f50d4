"""What stands in for the panel while no model is open: what it will show, and the next step as buttons."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from convscope.ui import theme
from convscope.ui.panel_context import PanelContext
from convscope.ui.widgets.form import caption

_STEPS = (
    ("imagenet", "Open the ImageNet network", "Learned from photographs; it comes with the app"),
    (
        "digits",
        "Open the digits network",
        "Learned from handwritten digits, and quick; it comes with the app",
    ),
)


class EmptyPage(QWidget):
    """One title, one sentence, three buttons."""

    def __init__(self, context: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.addStretch(1)
        title = theme.label("What every filter wants to see", "title")
        column.addWidget(title, 0, Qt.AlignmentFlag.AlignHCenter)
        words = caption(
            "patterns.empty",
            "Open a network to let the images grow that excite its filters and classes most.",
        )
        words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(words)
        across = QHBoxLayout()
        across.addStretch(1)
        for name, text, says in _STEPS:
            button = QPushButton(text)
            button.setObjectName(f"patterns.open_{name}")
            button.setAccessibleName(text)
            button.setToolTip(says)
            if name == "imagenet":
                button.setProperty("role", "primary")
            button.clicked.connect(lambda _down=False, name=name: context.open_model(name))
            across.addWidget(button)
        other = QPushButton("Open a model file…")
        other.setObjectName("patterns.open_file")
        other.setAccessibleName("Open a model file")
        other.clicked.connect(lambda: context.choose_model())
        across.addWidget(other)
        across.addStretch(1)
        column.addSpacing(theme.GROUP_GAP)
        column.addLayout(across)
        column.addStretch(2)
