"""What stands in for a panel while no model is open: what it will show, and the next step as buttons."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from convscope.ui import theme
from convscope.ui.forms.form import caption
from convscope.ui.panel_context import PanelContext

_STEPS = (
    ("imagenet", "Open the ImageNet network", "Learned from photographs; it comes with the app"),
    ("digits", "Open the digits network", "Learned from handwritten digits; it comes with the app"),
)


class NoModelPage(QWidget):
    """One title, one sentence, three buttons.

    Args:
        context: opens models.
        name: of the panel; object names begin with it.
        title: what the panel shows.
        words: why one would open a network.
    """

    def __init__(
        self, context: PanelContext, name: str, title: str, words: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.addStretch(1)
        column.addWidget(theme.label(title, "title"), 0, Qt.AlignmentFlag.AlignHCenter)
        sentence = caption(f"{name}.empty", words)
        sentence.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(sentence)
        across = QHBoxLayout()
        across.addStretch(1)
        for spec, text, says in _STEPS:
            button = QPushButton(text)
            button.setObjectName(f"{name}.open_{spec}")
            button.setAccessibleName(text)
            button.setToolTip(says)
            if spec == "imagenet":
                button.setProperty("role", "primary")
            button.clicked.connect(lambda _down=False, spec=spec: context.open_model(spec))
            across.addWidget(button)
        other = QPushButton("Open a model file…")
        other.setObjectName(f"{name}.open_file")
        other.setAccessibleName("Open a model file")
        other.clicked.connect(lambda: context.choose_model())
        across.addWidget(other)
        across.addStretch(1)
        column.addSpacing(theme.GROUP_GAP)
        column.addLayout(across)
        column.addStretch(2)
