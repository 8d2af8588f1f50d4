"""What leaves the panel: pictures, the raw map, a report, a script, a whole folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QWidget

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.engine.interpret.attribution.picture import grid_picture, picture
from convscope.imaging.io.save import save_npy, save_png
from convscope.imaging.overlay import heat_pixels
from convscope.ui.actions import Command
from convscope.ui.export.exporter import Copy, CopyWork, Export, ExportMenu
from convscope.ui.export.writing import Write
from convscope.ui.panels.explain.checks_view_model import ChecksViewModel
from convscope.ui.panels.explain.view_model import ExplainViewModel

if TYPE_CHECKING:
    from convscope.engine.interpret.attribution.batch import Batch
    from convscope.imaging.lab.display import Scale


class ExplainExports(ExportMenu):
    """Saves and copies the map that is looked at, and the grid.

    Args:
        view_model: whose maps.
        checks: what was checked of them, for the report.
        parent: of the dialogs.
    """

    def __init__(self, view_model: ExplainViewModel, checks: ChecksViewModel, parent: QWidget) -> None:
        self._view_model, self._checks = view_model, checks
        png = (".png",)
        script = "Python script, with what it opens (.py)…"
        exports = (
            Export("overlay", "Map over the photograph (PNG)…", png, self._overlay),
            Export("wall", "The whole grid (PNG)…", png, self._grid),
            Export("map", "Map alone (PNG)…", png, self._map),
            Export("npy", "Exact map (.npy)…", (".npy",), self._numbers),
            Export("report", "Report with all settings (HTML)…", (".html",), self._report),
            Export("script", script, (".py",), self._script, lane="engine"),
        )
        no_map = "There is no map that a script could make."
        copies = (
            Copy(
                "script", "Copy as Python", self._script_text, "Copied: a script that makes the same map.",
                no_map, lane="engine",
            ),
            Copy("copy", "Copy the picture with the map", self._overlay_pixels, "Copied the picture."),
        )  # fmt: skip
        super().__init__(
            view_model.context, "explain", "Save or copy", self._name_of, exports, parent, copies
        )
        self._folder = self.menu.addAction("Explain a whole folder…", self.choose_folder)

    def commands(self) -> list[Command]:
        folder = Command(
            "explain.folder", "Explain a whole folder…", self.choose_folder, "", "Explain", self._has_model
        )
        return [*super().commands(), folder]

    def enable(self) -> None:
        super().enable()
        self._folder.setEnabled(self._has_model)

    @property
    def _has_model(self) -> bool:
        return self.context.workspace.model is not None

    def _name_of(self, what: str) -> str:
        explained = self._view_model.explained
        stem = Path(explained.image.name).stem if explained is not None else "explanation"
        return f"{stem}-{what}"

    # -- files -----------------------------------------------------------------------------------------------

    def _overlay_pixels(self) -> CopyWork | None:
        view_model = self._view_model
        one, explained, style = view_model.attribution(), view_model.explained, view_model.style
        if one is None or explained is None:
            return None
        scale = view_model.scale(one)
        return lambda _task: picture(one, style, image=explained.image, scale=scale)

    def _overlay(self) -> Write | None:
        painted = self._overlay_pixels()
        return None if painted is None else lambda path, task: save_png(path, painted(task))

    def _grid(self) -> Write | None:
        maps, style = self._view_model.maps, self._view_model.style
        return (lambda path, _task: save_png(path, grid_picture(maps, style))) if maps else None

    def _map(self) -> Write | None:
        one, style = self._view_model.attribution(), self._view_model.style
        if one is None:
            return None
        scale, colormap = self._view_model.scale(one), style.colormap or one.colormap
        return lambda path, _task: save_png(path, heat_pixels(one.relevance, scale, colormap))

    def _numbers(self) -> Write | None:
        one = self._view_model.attribution()
        return None if one is None else lambda path, _task: save_npy(path, one.relevance)

    def _report(self) -> Write | None:
        view_model = self._view_model
        one, explained, style = view_model.attribution(), view_model.explained, view_model.style
        if one is None or explained is None:
            return None
        maps = view_model.maps
        curves, randomised = self._checks.curves, self._checks.randomised

        def write(path: Path, _task: Task) -> None:
            from convscope.engine.interpret.attribution.report import save_report
            from convscope.engine.interpret.attribution.sanity_checks.agreement import agreement, each_once

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

        return write

    # -- a script with Keras, NumPy and Pillow that makes the same map ---------------------------------------

    def _script_text(self) -> CopyWork | None:
        view_model = self._view_model
        explained, request, style = view_model.explained, view_model.selected, view_model.style
        if explained is None or request is None:
            return None
        scale = self._shared_scale()

        def work(_task: Task) -> str:
            from convscope.engine.interpret.attribution.script.map_script import to_python

            return to_python(explained, request, style, scale=scale)

        return work

    def _script(self) -> Write | None:
        """A network or a picture that has no file is saved beside it."""
        view_model = self._view_model
        explained, request, style = view_model.explained, view_model.selected, view_model.style
        if explained is None or request is None:
            return None
        scale = self._shared_scale()

        def write(path: Path, task: Task) -> tuple[Path, ...]:
            from convscope.engine.interpret.attribution.script.saving import save_script

            return save_script(path, explained, request, style, task, scale=scale)

        return write

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
        dialog = QFileDialog(self._parent, title)
        dialog.setObjectName(name)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.finished.connect(dialog.deleteLater)
        return dialog

    def explain_folder(self, source: Path, target: Path) -> None:
        """An overlay for each image of a folder by the method that is looked at, and a table of them."""
        from convscope.engine.interpret.attribution.result import MapRequest

        model, request, style = (
            self.context.workspace.model,
            self._view_model.selected,
            self._view_model.style,
        )
        if model is None:
            self.context.report(UserError("There is no model: open one first."))
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
            self.context.notify(
                f"{len(batch.rows) - failed} overlays and {batch.table.name} are in {target.name}{also}."
            )

        self.context.jobs.submit(
            "long",
            work,
            title=f"Explaining {source.name}",
            on_done=done,
            on_failed=self.context.report,
        )
