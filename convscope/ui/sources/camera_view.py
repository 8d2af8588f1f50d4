"""The camera as a source of images: its newest frame, which is the current image at first."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QComboBox, QDialog, QHBoxLayout, QLabel, QPushButton, QWidget

from convscope.core.task import Task
from convscope.imaging.image import Image
from convscope.imaging.io.camera import Camera
from convscope.jobs.jobs import Jobs
from convscope.ui import naming, theme
from convscope.ui.forms.form import vertical
from convscope.ui.forms.wheel import wheel_needs_focus
from convscope.ui.sources.live import LivePlace
from convscope.workspace.images import unique_name
from convscope.workspace.workspace import Workspace

INTERVAL_MS = 33
CAMERAS = 4
PATIENCE_S = 0.3  # that the closing window waits for a driver


class CameraView(QDialog):
    """Start and stop, freeze, keep a picture; it does not block the window.

    Args:
        workspace: where the newest frame is the current image.
        jobs: lets a camera go in the lane "view", since a driver may take its time.
        make_camera: makes the camera of a number; replaced in tests.
    """

    def __init__(
        self,
        workspace: Workspace,
        jobs: Jobs,
        parent: QWidget | None = None,
        make_camera: Callable[[int], Camera] = Camera,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("camera")
        self.setWindowTitle("Camera")
        self._workspace = workspace
        self._jobs = jobs
        self._make_camera = make_camera
        self._place = LivePlace(workspace)
        self._camera: Camera | None = None
        self._shown: Image | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self._look)
        self.state = naming.give(QLabel(self), "camera.state", "State of the camera")
        self.state.setWordWrap(True)
        self.state.setMinimumWidth(theme.scaled(320))
        self.which = naming.give(QComboBox(self), "camera.which", "Which camera")
        wheel_needs_focus(self.which)
        for number in range(CAMERAS):
            self.which.addItem(f"Camera {number + 1}", number)
        self.which.currentIndexChanged.connect(self.start)
        self.again = self._push("camera.again", "Try again", self.start)
        self.freeze = self._push("camera.freeze", "Freeze", self._freeze)
        self.freeze.setCheckable(True)
        self.keep = self._push("camera.keep", "Keep this picture", self._keep)
        self.finish = self._push("camera.done", "Done", self.close)
        self.finish.setProperty("role", "primary")
        line = QHBoxLayout()
        line.addWidget(self.which)
        line.addStretch(1)
        for button in (self.again, self.freeze, self.keep, self.finish):
            line.addWidget(button)
        vertical(self, self.state, line, spacing=theme.GROUP_GAP, margins=12)
        self._tell("")

    def open_camera(self) -> None:
        """Show the controls and start the camera, unless it runs."""
        if self._camera is None or self._camera.state == "failed":
            self.start()
        self.show()
        self.raise_()

    def start(self) -> None:
        """Start the chosen camera."""
        self._let_go()
        self._camera = self._make_camera(int(self.which.currentData()))
        self._camera.start()
        self.freeze.setChecked(False)
        self._tell("Looking for the camera…")
        self._timer.start()

    def done(self, result: int) -> None:
        # However it is closed: let the camera go; the last frame stays in the strip.
        self._let_go()
        self._place.leave()
        super().done(result)

    def let_go(self) -> None:
        """The window closes: it waits a moment for the driver."""
        self._timer.stop()
        if self._camera is not None:
            self._camera.close(PATIENCE_S)
            self._camera = None

    def _let_go(self) -> None:
        self._timer.stop()
        camera, self._camera, self._shown = self._camera, None, None
        if camera is None:
            return

        def work(task: Task) -> None:
            camera.close()

        self._jobs.submit("view", work, title="Closing the camera", quiet=True)

    def _look(self) -> None:
        camera = self._camera
        if camera is None:
            return
        if camera.state == "failed":
            self._timer.stop()
            self._tell(camera.error, failed=True)
            return
        image = camera.latest()
        if image is not None and image is not self._shown:
            # Whoever chooses another image while it runs is not fetched back by the next frame.
            self._place.show(image, choose=self._shown is None)
            self._shown = image
            self._tell(f"{image.height} × {image.width} pixels, live")

    def _freeze(self) -> None:
        if self._camera is not None:
            self._camera.freeze(self.freeze.isChecked())
            self._look()
            self.state.setText("Frozen" if self.freeze.isChecked() else "Live")

    def _keep(self) -> None:
        """A copy of the frame stays in the strip; the camera goes on."""
        if self._shown is not None:
            name = unique_name("camera picture", self._workspace.images)
            kept = Image(self._shown.values, name, None, self._shown.notes)
            self._workspace.add_images([kept])
            self._place.show(self._shown)

    def _tell(self, text: str, *, failed: bool = False) -> None:
        self.state.setText(text)
        running = self._shown is not None and not failed
        self.freeze.setEnabled(running)
        self.keep.setEnabled(running)
        self.again.setVisible(failed)

    def _push(self, name: str, title: str, clicked: Callable[[], object]) -> QPushButton:
        button = naming.give(QPushButton(title, self), name, title)
        button.setAutoDefault(False)
        button.clicked.connect(lambda _=False: clicked())
        return button
