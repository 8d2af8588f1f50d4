"""Has the data set compared for copies and split as is set for it, whichever panel is on show."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from psygnal import Signal

from convscope.core.task import Task
from convscope.ui.ending import Ending
from convscope.workspace.workspace import Workspace

if TYPE_CHECKING:
    from convscope.engine.data.dataset import Dataset
    from convscope.engine.data.similar.alike import Alike
    from convscope.engine.data.split import SplitSettings
    from convscope.jobs.jobs import Jobs

log = logging.getLogger(__name__)

COMPARE, SPLIT = "data.duplicates", "data.split"
# So many images of one's own are compared without being asked to: that takes seconds.
COMPARED_AT_ONCE = 20_000


class Splitting:
    """Compares images, once each, and makes the parts that the data's settings ask for.

    Args:
        report: shows a failure.

    Signals:
        comparing_changed: the comparison that somebody asked for has begun or ended.
    """

    comparing_changed = Signal()

    def __init__(
        self, workspace: Workspace, jobs: Jobs, report: Callable[[BaseException], None], ending: Ending
    ) -> None:
        self._workspace = workspace
        self._jobs = jobs
        self._report = report
        self._images: object = None
        self._asked = False
        ending.listen(workspace.dataset_changed, self._look)
        ending.listen(workspace.data_settings_changed, self._settle)

    @property
    def comparing(self) -> bool:
        """Whether a comparison that somebody asked for is under way."""
        return self._asked

    def compare(self, on_done: Callable[[Dataset], object] | None = None) -> None:
        """Compare all images of the data set.

        Args:
            on_done: gets the data set with what was found.
        """
        if self._workspace.dataset is not None:
            self._compare(self._workspace.dataset, on_done, asked=True)

    def _look(self, dataset: Dataset | None) -> None:
        images = dataset.images if dataset is not None else None
        if images is not self._images:
            self._images = images
            self._jobs.cancel_key(COMPARE)
            if dataset is not None and dataset.alike is None and self._at_once(dataset):
                self._compare(dataset, None, asked=False)
        self._settle()

    @staticmethod
    def _at_once(dataset: Dataset) -> bool:
        from convscope.engine.data.sets.registry import is_own

        # The parts of a set that has a name are as they were published.
        return is_own(dataset.reference) and len(dataset) <= COMPARED_AT_ONCE

    def _compare(self, dataset: Dataset, on_done: Callable[[Dataset], object] | None, *, asked: bool) -> None:
        def work(task: Task) -> Alike:
            from convscope.engine.data.similar.alike import find_alike

            return find_alike(dataset, task)

        def done(found: Alike) -> None:
            ended()
            current = self._workspace.dataset
            if current is None or current.images is not dataset.images:
                return
            known = current.with_alike(found)
            self._workspace.set_dataset(known)
            if on_done is not None:
                on_done(known)

        def ended(error: BaseException | None = None) -> None:
            if asked:
                self._asked = False
                self.comparing_changed.emit()
            if error is not None:
                if asked:
                    self._report(error)
                else:
                    log.info("the images were not compared: %s", error)

        self._jobs.cancel_key(COMPARE)
        if asked:
            self._asked = True
            self.comparing_changed.emit()
        self._jobs.submit(
            "files",
            work,
            title="Finding duplicates",
            key=COMPARE,
            quiet=not asked,
            on_done=done,
            on_failed=ended,
            on_cancelled=ended,
        )

    def wanted(self, dataset: Dataset) -> SplitSettings:
        """How a data set is to be split, by what is known of it now."""
        settings, now = self._workspace.data_settings, dataset.split_settings
        if dataset.alike is None:
            together = now.together and settings.together
        else:
            # Where nothing is there twice both ways are one.
            together = settings.together if dataset.alike.together else now.together
        return replace(settings.split or now, together=together)

    def _settle(self, *_: object) -> None:
        dataset = self._workspace.dataset
        if dataset is None or self.wanted(dataset) == dataset.split_settings:
            self._jobs.cancel_key(SPLIT)
            return
        wanted = self.wanted(dataset)

        def work(task: Task) -> Dataset:
            return dataset.with_split(wanted, task)

        def done(split: Dataset) -> None:
            current = self._workspace.dataset
            if current is None or current.images is not split.images:
                return
            if current.alike is not None and split.alike is None:
                split = split.with_alike(current.alike)
            self._workspace.set_dataset(split)

        self._jobs.submit(
            "imaging",
            work,
            title="Splitting the data",
            key=SPLIT,
            quiet=True,
            on_done=done,
            on_failed=self._report,
        )
