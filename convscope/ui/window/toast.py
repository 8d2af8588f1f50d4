"""Toasts: one sentence over the window's foot, with the detail one click away."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QEnterEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QToolButton, QVBoxLayout, QWidget

from convscope.core.printable import one_line, printable
from convscope.ui import naming, theme
from convscope.ui.forms.form import vertical

SECONDS = 7.0
MOST = 4
WIDTH = 460


class Toast(QFrame):
    """One message; it goes by itself, but not while the mouse is over it or its detail is open.

    Args:
        topic: what it is about; a newer one about the same takes its place.
    """

    def __init__(self, message: str, detail: str, bad: bool, topic: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.topic = topic
        self.setObjectName("toast")
        self.setProperty("role", "raised")
        self.setAccessibleName(message)
        self.setAccessibleDescription(detail)
        self.message = message
        self.text = naming.give(QLabel(message, self), "toast.message")
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        mark = QLabel(self)
        colours = theme.tokens()
        icon = theme.icon("triangle-alert" if bad else "info", colours.warning if bad else colours.accent)
        mark.setPixmap(icon.pixmap(theme.scaled(20), theme.scaled(20)))
        self.details = naming.give(QToolButton(self), "toast.details")
        self.details.setText("Details")
        self.details.setAccessibleName("Details")
        self.details.setCheckable(True)
        self.details.setVisible(bool(detail))
        close = naming.give(QToolButton(self), "toast.close", "Close this message", "Close this message")
        close.setProperty("flat", True)
        close.setIcon(theme.icon("x"))
        close.clicked.connect(self.dismiss)
        self.detail = naming.give(QPlainTextEdit(detail, self), "toast.detail", "Details of the message")
        self.detail.setReadOnly(True)
        self.detail.setFont(theme.font(11, mono=True))
        self.detail.setFixedHeight(theme.scaled(140))
        self.detail.hide()
        self._stays = False
        self._line = line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(mark, 0, Qt.AlignmentFlag.AlignVCenter)
        line.addWidget(self.text, 1)
        line.addWidget(self.details, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 8, 8)
        layout.addLayout(line)
        layout.addWidget(self.detail)
        self.details.toggled.connect(self._toggle)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(round(1000 * SECONDS))
        self._timer.timeout.connect(self.dismiss)
        self._timer.start()

    def offer(self, text: str, run: Callable[[], object], *, stays: bool = True) -> None:
        """Add a button for the next step.

        Args:
            stays: the message does not go before the button is used or it is closed.
        """
        button = naming.give(QToolButton(self), "toast.action")
        button.setText(text)
        button.setAccessibleName(text)
        button.clicked.connect(lambda: run())
        button.clicked.connect(self.dismiss)
        self._line.insertWidget(2, button, 0, Qt.AlignmentFlag.AlignTop)
        # Or it would count only with the next events, and the sentence would have too few lines.
        button.show()
        if stays:
            self._stays = True
            self._timer.stop()
        area = self.parent()
        if isinstance(area, ToastArea):
            area.place()

    def dismiss(self) -> None:
        """Take the message away."""
        self._timer.stop()
        self.hide()
        area = self.parent()
        self.setParent(None)
        self.deleteLater()
        if isinstance(area, ToastArea):
            area.place()

    def enterEvent(self, event: QEnterEvent) -> None:
        # Stay while it is being read.
        self._timer.stop()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        if not (self.details.isChecked() or self._stays):
            self._timer.start()
        super().leaveEvent(event)

    def _toggle(self, shown: bool) -> None:
        self.detail.setVisible(shown)
        if shown:
            self._timer.stop()
        area = self.parent()
        if isinstance(area, ToastArea):
            area.place()


class ToastArea(QWidget):
    """The messages of one window, stacked over its lower middle, the newest lowest; never outside of it.

    Args:
        host: the widget over which they lie.
    """

    def __init__(self, host: QWidget) -> None:
        super().__init__(host)
        self._host = host
        self._margin = 0
        self.setObjectName("toasts")
        self._layout = vertical(self, spacing=8)
        self.hide()
        host.installEventFilter(self)

    def toasts(self) -> list[Toast]:
        """The messages on show, oldest first."""
        return self.findChildren(Toast, options=Qt.FindChildOption.FindDirectChildrenOnly)

    def show_message(self, message: str, detail: str = "", *, bad: bool = False, topic: str = "") -> Toast:
        """Show one more; one on the same topic takes the place of the old one, and the oldest go in a crowd.

        Args:
            topic: by default each message is one of its own.
        """
        message, detail = one_line(message), printable(detail, lines=True)
        topic = topic or message
        shown = self.toasts()
        for same in [toast for toast in shown if toast.topic == topic]:
            same.dismiss()
            shown.remove(same)
        for old in shown[: max(0, len(shown) - MOST + 1)]:
            old.dismiss()
        toast = Toast(message, detail, bad, topic, self)
        self._layout.addWidget(toast)
        toast.show()
        self.show()
        self.place()
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, message))
        return toast

    def shows(self, topic: str) -> bool:
        """Whether there is a message about it on show."""
        return any(toast.topic == topic for toast in self.toasts())

    def withdraw(self, topic: str) -> None:
        """Take away what was said about it: it holds no more."""
        for toast in self.toasts():
            if toast.topic == topic:
                toast.dismiss()

    def set_margin(self, pixels: int) -> None:
        """Leave this much of the host's foot free, if there is room."""
        self._margin = pixels
        self.place()

    def place(self) -> None:
        """Fit into the host."""
        host = self._host
        if not self.toasts():
            self.hide()
            return
        width = max(1, min(theme.scaled(WIDTH), host.width() - 24))
        # Qt would learn of a detail that was just opened with the next events only, too late for the height.
        for layout in (*(toast.layout() for toast in self.toasts()), self._layout):
            if layout is not None:
                layout.invalidate()
        height = max(1, min(self._layout.totalHeightForWidth(width), host.height() - 24))
        top = max(12, host.height() - height - 12 - self._margin)
        self.setGeometry((host.width() - width) // 2, top, width, height)
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.place()
        return False
