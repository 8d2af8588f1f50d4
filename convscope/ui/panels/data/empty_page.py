"""What the panel shows while no data set is open: the ways to one."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QWidget

from convscope.core.paths import resource_path
from convscope.ui import theme
from convscope.ui.forms.form import as_panel, caption, push_button, row, vertical
from convscope.ui.layout.placed import Placed
from convscope.ui.panels.data.opening import Opening

# (name, title, sample, what is in it)
_CARDS = (
    ("digits", "Digits", "digit-2.png", "10,000 of MNIST's handwritten digits, 28 × 28"),
    ("fashion", "Garments", "garment-boot.png", "14,000 of Fashion-MNIST's garments, 28 × 28"),
    ("textures", "Textures", "brick.png", "585 crops of brick, grass and gravel, 64 × 64"),
)
_SIDE, _CARD = 112, 200


class EmptyPage(QWidget):
    """Three data sets that are here, and the way to one's own."""

    def __init__(self, opening: Opening, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        as_panel(self)
        self._placed = column = Placed(self, 1 / 3)
        column.setSpacing(theme.GROUP_GAP)
        title = theme.label("No data set is open", "title")
        title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        says = caption("", "A data set is what a network learns from: images, and the class of each.")
        says.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(title)
        column.addWidget(says)
        cards = row(None, spacing=theme.GROUP_GAP)
        for name, words, sample, facts in _CARDS:
            cards.addWidget(self._card(opening, name, words, sample, facts))
        cards.addStretch(1)
        column.addLayout(cards)
        folder = QPushButton(theme.icon("folder-open"), "Open a folder…")
        folder.setObjectName("data.empty.folder")
        folder.setAccessibleName("Open a folder of classes")
        folder.setToolTip("A folder with one sub-folder for each class")
        folder.clicked.connect(opening.choose_folder)
        more = opening.menu_button("data.empty.more", "More data sets")
        others = row(None, folder, more, None)
        column.addLayout(others)
        column.addStretch(1)

    def set_room(self, height: int) -> None:
        """Stand a third down in so many pixels, whatever takes room below."""
        self._placed.set_room(height)

    @staticmethod
    def _card(opening: Opening, name: str, words: str, sample: str, facts: str) -> QFrame:
        card = QFrame()
        card.setProperty("role", "raised")
        card.setFixedWidth(theme.scaled(_CARD))
        inside = vertical(card, margins=theme.GROUP_GAP)
        picture = QLabel()
        picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        pixmap = QPixmap(str(resource_path("images", sample)))
        smooth = pixmap.width() > _SIDE
        mode = Qt.TransformationMode
        picture.setPixmap(
            pixmap.scaled(
                theme.scaled(_SIDE),
                theme.scaled(_SIDE),
                Qt.AspectRatioMode.KeepAspectRatio,
                mode.SmoothTransformation if smooth else mode.FastTransformation,
            )
        )
        text = caption("", facts)
        text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        button = push_button(
            f"data.empty.{name}",
            words,
            partial(opening.open, name),
            says=f"Open the data set {words}",
            primary=True,
        )
        inside.addWidget(picture)
        inside.addWidget(text, 1)
        inside.addWidget(button)
        return card
