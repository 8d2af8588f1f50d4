"""What leaves the panel: pictures, the raw map, a report, a script, a whole folder."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.interpret.attribution.picture import grid_picture, picture
from convscope.imaging.io.save import save_npy, save_png
from convscope.imaging.overlay import heat_pixels
from convscope.ui.actions import Command
from convscope.ui.panels.explain.checks_view_model import ChecksViewModel
from convscope.ui.panels.explain.view_model import ExplainViewModel

if TYPE_CHECKING:
    from convscope.engine.interpret.attribution.batch import Batch
    from convscope.imaging.lab.display import Scale

# (name, words, what the file ends in)
FILES: tuple[tuple[str, str, str], ...] = (
    ("overlay", "Map over the photograph (PNG)…", ".png"),
    ("wall", "The whole grid (PNG)…", ".png"),
    ("map", "Map alone (PNG)…", ".png"),
    ("npy", "Exact map (.npy)…", ".npy"),
    ("report", "Report with all settings (HTML)…", ".html"),
    ("script", "Python script, with what it opens (.py)…", ".py"),
)


class Exports(QObject):
    """Saves and copies.

    Args:
        view_model: whose maps.
        checks: what was checked of them.
        window: the parent of the dialogs.
    """

    def __init__(
        self,
        view_model: ExplainViewModel,
        checks: ChecksViewModel,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._view_model, self._checks, self._window = view_model, checks, window

    def commands(self) -> list[Command]:
        """For the palette and the menu."""
        ready = self._view_model.attribution() is not None
        files = [
            Command(
                f"explain.save.{name}", f"Save: {words}", partial(self.choose, name), "", "Explain", ready
            )
            for name, words, _suffix in FILES
        ]
        return [
            *files,
            Command("explain.script", "Copy as Python", self.copy_script, "", "Explain", ready),
            Command("explain.copy", "Copy the picture with the map", self.copy_picture, "", "Explain", ready),
            Command(
                "explain.folder", "Explain a whole folder…", self.choose_folder, "", "Explain",
                self._view_model.context.workspace.model is not None,
            ),
        ]  # fmt: skip

    def fill(self, menu: QMenu) -> None:
        """The same as a menu."""
        menu.clear()
        for command in self.commands():
            action = menu.addAction(command.title.removeprefix("Save: "))
            action.setEnabled(command.enabled)
            action.triggered.connect(lambda _checked=False, run=command.run: run())

    # -- one file --------------------------------------------------------------------------------------------

    def choose(self, name: str) -> None:
        """Ask where one of `FILES` shall go."""
        suffix = next(suffix for key, _words, suffix in FILES if key == name)
        image = self._view_model.explained.image if self._view_model.explained is not None else None
        stem = Path(image.name).stem if image is not None else "explanation"
        dialog = QFileDialog(self._window, "Save", f"{stem}-{name}{suffix}")
        dialog.setObjectName("explain.file")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(suffix.lstrip("."))
        dialog.accepted.connect(lambda: self.save(name, Path(dialog.selectedFiles()[0])))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def save(self, name: str, path: Path) -> None:
        """Write one of `FILES`."""
        if name == "script":
            self.save_script(path)
            return
        view_model = self._view_model
        one, explained, style = view_model.attribution(), view_model.explained, view_model.style
        maps = view_model.maps
        if one is None or explained is None:
            return
        curves, randomised = self._checks.curves, self._checks.randomised
        scale = self._view_model.scale(one)

        def work(task: Task) -> None:
            if name == "overlay":
                save_png(path, picture(one, style, image=explained.image, scale=scale))
            elif name == "wall":
                save_png(path, grid_picture(maps, style))
            elif name == "map":
                save_png(path, heat_pixels(one.relevance, scale, style.colormap or one.colormap))
            elif name == "npy":
                save_npy(path, one.relevance)
            else:
                from convscope.engine.interpret.attribution.report import save_report
                from convscope.engine.interpret.attribution.sanity_checks.agreement import (
                    agreement,
                    each_once,
                )

                compared = each_once(maps)

                save_report(
                    path,
                    explained,
                    maps or (one,),
                    style=style,
                    curves=(curves,) if curves is not None else (),
                    randomised=(randomised,) if randomised is not None else (),
                    agreement=agreement(compared) if len(compared) > 1 else None,
                )

        self._view_model.context.jobs.submit(
            "view",
            work,
            title=f"Saving {path.name}",
            on_done=lambda _none: self._view_model.context.notify(f"Saved {path.name}."),
            on_failed=self._view_model.context.report,
        )

    # -- the clipboard ---------------------------------------------------------------------------------------

    def copy_picture(self) -> None:
        """The map over the photograph."""
        from convscope.ui.canvas.raster import to_image

        view_model = self._view_model
        one, explained, style = view_model.attribution(), view_model.explained, view_model.style
        if one is None or explained is None:
            return
        scale = self._view_model.scale(one)
        self._view_model.context.jobs.submit(
            "view",
            lambda _task: picture(one, style, image=explained.image, scale=scale),
            title="Copying",
            quiet=True,
            on_done=lambda pixels: QGuiApplication.clipboard().setImage(to_image(pixels).copy()),
            on_failed=self._view_model.context.report,
        )

    def copy_script(self) -> None:
        """A script with Keras, NumPy and Pillow that makes the same map."""
        view_model = self._view_model
        explained, request, style = view_model.explained, view_model.selected, view_model.style
        if explained is None or request is None:
            self._view_model.context.notify("There is no map that a script could make.")
            return
        scale = self._shared_scale()

        def work(task: Task) -> str:
            from convscope.engine.interpret.attribution.script.map_script import to_python

            return to_python(explained, request, style, scale=scale)

        def done(text: str) -> None:
            QGuiApplication.clipboard().setText(text)
            self._view_model.context.notify("Copied: a script that makes the same map.")

        self._view_model.context.jobs.submit(
            "engine",
            work,
            title="Writing the script",
            on_done=done,
            on_failed=self._view_model.context.report,
        )

    def save_script(self, path: Path) -> None:
        """The same as a file; a network or a picture that has none is saved beside it."""
        view_model = self._view_model
        explained, request, style = view_model.explained, view_model.selected, view_model.style
        if explained is None or request is None:
            return
        scale = self._shared_scale()

        def work(task: Task) -> tuple[Path, ...]:
            from convscope.engine.interpret.attribution.script.saving import save_script

            return save_script(path, explained, request, style, task, scale=scale)

        def done(files: tuple[Path, ...]) -> None:
            beside = f", with {', '.join(one.name for one in files[1:])} beside it" if files[1:] else ""
            self._view_model.context.notify(f"Saved {path.name}{beside}.")

        self._view_model.context.jobs.submit(
            "engine",
            work,
            title=f"Saving {path.name}",
            on_done=done,
            on_failed=self._view_model.context.report,
        )

    def _shared_scale(self) -> Scale | None:
        """Where other maps on the grid make the colours' ends other than the map's own."""
        one = self._view_model.attribution()
        if one is None:
            return None
        scale = self._view_model.scale(one)
        return scale if scale != one.scale else None

    # -- a folder --------------------------------------------------------------------------------------------

    def choose_folder(self) -> None:
        """Ask for the images, and then for the place of the overlays."""
        dialog = self._folder_dialog("Explain all images of a folder", "explain.folder")
        dialog.accepted.connect(lambda: self._choose_target(Path(dialog.selectedFiles()[0])))
        dialog.open()

    def _choose_target(self, source: Path) -> None:
        dialog = self._folder_dialog("Save overlays and table in", "explain.folder.target")
        dialog.accepted.connect(lambda: self.explain_folder(source, Path(dialog.selectedFiles()[0])))
        dialog.open()

    def _folder_dialog(self, title: str, name: str) -> QFileDialog:
        dialog = QFileDialog(self._window, title)
        dialog.setObjectName(name)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.finished.connect(dialog.deleteLater)
        return dialog

    def explain_folder(self, source: Path, target: Path) -> None:
        """An overlay for each image of a folder by the method that is looked at, and a table of them."""
        from convscope.engine.interpret.attribution.result import MapRequest

        model, request, style = (
            self._view_model.context.workspace.model,
            self._view_model.selected,
            self._view_model.style,
        )
        if model is None:
            self._view_model.context.report(UserError("There is no model: open one first."))
            return
        # The most probable class of each image, unless one was chosen.
        asked = self._view_model.request
        wanted = MapRequest(
            request.method if request is not None else "grad-cam",
            request.target if request is not None and asked.index is not None else None,
            asked.layer,
            request.settings if request is not None else {},
        )

        def work(task: Task) -> Batch:
            from convscope.engine.interpret.attribution.batch import explain_folder

            return explain_folder(model, source, target, wanted, style, task)

        def done(batch: Batch) -> None:
            failed = sum(1 for row in batch.rows if row.error)
            also = f"; {failed} could not be explained, the table says why" if failed else ""
            self._view_model.context.notify(
                f"{len(batch.rows) - failed} overlays and {batch.table.name} are in {target.name}{also}."
            )

        self._view_model.context.jobs.submit(
            "long",
            work,
            title=f"Explaining {source.name}",
            on_done=done,
            on_failed=self._view_model.context.report,
        )
