"""What stands in the panel while no model is open: the next step as a button."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from convscope.ui import theme
from convscope.ui.forms.form import caption
from convscope.ui.panel_context import PanelContext


class EmptyState(QWidget):
    """Three ways to a model."""

    def __init__(
        self, context: PanelContext, show_library: Callable[[], None], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("model.empty")
        column = QVBoxLayout(self)
        column.setSpacing(theme.GAP)
        column.addStretch(1)
        title = theme.label("No network is open", "title")
        title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(title)
        says = caption("", "Open one to see its layers, its graph and what it says of the current image.")
        says.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(says)
        for name, text, run, primary in (
            ("imagenet", "Open the ImageNet model", lambda: context.open_model("imagenet"), True),
            ("file", "Open a model file…", context.choose_model, False),
            ("library", "See all models", show_library, False),
        ):
            button = QPushButton(text)
            button.setObjectName(f"model.empty.{name}")
            button.setAccessibleName(text)
            button.setMinimumWidth(theme.scaled(220))
            if primary:
                button.setProperty("role", "primary")
            button.clicked.connect(lambda _down=False, act=run: act())
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignCenter)
        column.addStretch(2)
