"""What lies over a result that no longer answers the question on screen: it dims it and says why."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from convscope.ui import theme

STRENGTH = 0.62
"""How much of what lies under it is taken away."""
PATIENCE_MS = 250
"""After this its words are shown: most answers come sooner, and words that flash by are a nuisance."""
PADDING = 8


class Veil(QWidget):
    """Covers a widget while there are words; clicks and wheel go through to what lies below.

    Args:
        target: what is covered, with its children and scroll bars.
        name: object name.
    """

    def __init__(self, target: QWidget, name: str) -> None:
        super().__init__(target)
        self.setObjectName(name)
        self._target, self._words, self._told = target, "", False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PATIENCE_MS)
        self._timer.timeout.connect(self._tell)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        target.installEventFilter(self)
        self.hide()

    @property
    def words(self) -> str:
        """Why what lies under it is no answer; "" where it is one."""
        return self._words

    def set_words(self, words: str) -> None:
        """Cover at once; "" uncovers."""
        if words == self._words:
            return
        if not self._words:
            self._told = False
            self._timer.start()
        self._words = words
        self.setAccessibleName(words)
        if not words:
            self._timer.stop()
        self.setVisible(bool(words))
        self._cover()
        self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.ChildAdded, QEvent.Type.Show):
            self._cover()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.tokens()
        painter = QPainter(self)
        ground = QColor(colours.window)
        ground.setAlphaF(STRENGTH)
        painter.fillRect(self.rect(), ground)
        if self._told:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setFont(theme.font(12))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            room = self.rect().adjusted(PADDING * 2, PADDING, -PADDING * 2, -PADDING)
            words = painter.boundingRect(room, flags, self._words)
            if words.height() <= self.height():
                plate = words.adjusted(-PADDING, -PADDING // 2, PADDING, PADDING // 2)
                painter.setPen(QColor(colours.line))
                painter.setBrush(QColor(colours.raised))
                painter.drawRoundedRect(QRect(plate), theme.RADIUS, theme.RADIUS)
                painter.setPen(QColor(colours.secondary))
                painter.drawText(words, flags, self._words)
        painter.end()

    def _tell(self) -> None:
        self._told = True
        self.update()

    def _cover(self) -> None:
        if self._words:
            self.setGeometry(self._target.rect())
            self.raise_()
