"""What stands where the charts will be: what is missing, and the next step as a button."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget

from convscope.ui import theme
from convscope.ui.forms.form import row
from convscope.ui.layout.placed import Placed
from convscope.ui.panels.train.plan import SettingsCheck
from convscope.ui.panels.train.view_model import TrainViewModel


class NoTrainingYet(QWidget):
    """Before the first run.

    Args:
        view_model: the panel's state.
    """

    def __init__(self, view_model: TrainViewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("train.empty")
        self.view_model = view_model
        self.title = theme.label("", "title")
        self.title.setObjectName("train.empty.title")
        self.title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.words = theme.label("", "caption")
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.words.setWordWrap(True)
        self.digits = self._button(
            "train.empty.digits", "Train a convnet on handwritten digits", self._digits
        )
        self.digits.setProperty("role", "primary")
        self.model = self._button(
            "train.empty.model", "Choose a model", lambda: view_model.context.show_panel("model")
        )
        self.data = self._button(
            "train.empty.data", "Choose data", lambda: view_model.context.show_panel("data")
        )
        self.base = self._button(
            "train.empty.transfer",
            "Put a new classifier on it",
            lambda: view_model.show("transfer"),
        )
        self.start = self._button("train.empty.start", "Start", view_model.start)
        self.start.setProperty("role", "primary")
        self._placed = column = Placed(self, 2 / 5)
        column.setSpacing(theme.GROUP_GAP)
        column.addWidget(self.title)
        column.addWidget(self.words)
        # Two lines, which have room in the smallest window too.
        column.addLayout(row(None, self.start, self.digits, None))
        column.addLayout(row(None, self.base, self.model, self.data, None))
        column.addStretch(1)
        # Until it is known what fits, there is nothing to press that could move.
        self._told = False
        for button in (self.start, self.digits, self.base, self.model, self.data):
            button.hide()
        view_model.context.listen(view_model.checked, self._show)
        self._show(view_model.last_check)

    def set_room(self, height: int) -> None:
        """Stand two fifths down in so many pixels, whatever is told beside it."""
        self._placed.set_room(height)

    def _button(self, name: str, words: str, run: object) -> QPushButton:
        button = QPushButton(words)
        button.setObjectName(name)
        button.setAccessibleName(words)
        button.clicked.connect(lambda: run())  # type: ignore[operator]
        return button

    def _digits(self) -> None:
        self.words.setText("Opening the network and the digits …")
        self.view_model.train_example()

    def _show(self, checked: SettingsCheck | None) -> None:
        model, data = self.view_model.model, self.view_model.dataset
        if model is None or data is None:
            missing = "a network and data" if model is None and data is None else "data"
            title = f"Training needs {missing if model is not None or data is None else 'a network'}"
            words = "Watch the loss fall and the kernels change while a network learns."
        elif checked is None:
            if not self._told:
                self.title.setText(f"{model.name} on {data.title}")
                self.words.setText("Looking whether they fit …")
            return
        elif any(finding.severity == "error" for finding in checked.findings):
            title = f"{model.name} on {data.title}: something does not fit"
            words = "At the left it says what, with a button that fixes it."
        else:
            title, words = f"{model.name} on {data.title}", "All is ready."
        self._told = True
        misfit = model is not None and data is not None and checked is not None
        ready = checked is not None and not any(f.severity == "error" for f in checked.findings)
        self.title.setText(title)
        self.words.setText(words)
        self.start.setVisible(ready)
        self.digits.setVisible(not ready)
        trained = model is not None and model.source.weights != "random"
        self.base.setVisible(misfit and not ready and trained)
        self.model.setVisible(not ready)
        self.data.setVisible(not ready)
