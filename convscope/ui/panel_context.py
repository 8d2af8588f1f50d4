"""What a panel is given by the window: nothing else of the window is its business."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from convscope.ui.ending import Emits, Ending
from convscope.workspace.workspace import Workspace

if TYPE_CHECKING:
    # View models are given a context, too, and know no Qt.
    from convscope.core.task import Task
    from convscope.jobs.job import Job
    from convscope.jobs.jobs import Jobs
    from convscope.ui.services.engine_sources import EngineSources
    from convscope.ui.services.predictor import Predictor
    from convscope.ui.services.splitting import Splitting


class ShowPanel(Protocol):
    """Goes to another panel."""

    def __call__(self, name: str, page: str = "") -> None:
        """By its name, and the name of its page where it has several."""


@dataclass(frozen=True)
class PanelContext:
    """What is open, the way to a worker thread, and the way to tell the person something.

    Attributes:
        report: shows a failure as one sentence with its detail, and logs it.
        notify: says one sentence ("Copied").
        offer: says one sentence with a button: the sentence, the button's words, what it does.
        predictor: the current model's word on the current image.
        open_model: opens a model by its name or file.
        open_dataset: opens a data set by its name, folder or file.
        choose_model, choose_dataset: the dialogs for a file or a folder.
        show_panel: goes to another panel by its name.
        runs_changed: tells the window that a run began, ended, was renamed or deleted.
        sources: tells what could not be opened.
        splitting: compares the images of the data set, and splits it.
        ask_about: asks the network about all pictures of a folder, and shows what it says.
        ending: what of all this the panel has to let go of at its end.
    """

    workspace: Workspace
    jobs: Jobs
    report: Callable[[BaseException], None]
    notify: Callable[[str], None]
    offer: Callable[[str, str, Callable[[], object]], None]
    predictor: Predictor
    open_model: Callable[[str | Path], object]
    open_dataset: Callable[[str | Path], None]
    choose_model: Callable[[], None]
    choose_dataset: Callable[[], None]
    show_panel: ShowPanel
    runs_changed: Callable[[], None]
    sources: EngineSources
    splitting: Splitting
    ask_about: Callable[[Path], None]
    ending: Ending = field(default_factory=Ending)

    def listen(self, signal: Emits, function: Callable[..., Any]) -> None:
        """Call `function` whenever the signal is emitted, until the panel ends."""
        self.ending.listen(signal, function)

    def submit(
        self,
        lane: str,
        function: Callable[[Task], Any],
        title: str,
        on_done: Callable[[Any], None] | None = None,
        **more: Any,
    ) -> Job:
        """Queue work for a worker, as `Jobs.submit` does; without `on_failed` a failure is reported."""
        more.setdefault("on_failed", self.report)
        return self.jobs.submit(lane, function, title=title, on_done=on_done, **more)
