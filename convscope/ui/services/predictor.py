"""What the current model says about the current image, computed once for all who show it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from psygnal import Signal

from convscope.core.errors import UserError
from convscope.core.task import Task
from convscope.ui.ending import Ending
from convscope.ui.services.pixel_check import PixelCheck
from convscope.workspace.workspace import Workspace

if TYPE_CHECKING:
    from convscope.engine.models.answers.prediction import Prediction
    from convscope.engine.models.opened import OpenedModel
    from convscope.imaging.image import Image
    from convscope.jobs.jobs import Jobs

KEY = "predict"


@dataclass(frozen=True)
class Predicted:
    """A prediction and what it took.

    Attributes:
        model, image: of what.
        prediction: None when there is none; `reason` says why.
        milliseconds: from the image to the probabilities.
        reason: one sentence.
    """

    model: OpenedModel
    image: Image
    prediction: Prediction | None
    milliseconds: float = 0.0
    reason: str = ""


class Predictor:
    """Predicts whenever image or model change, but only while somebody looks.

    After a network's first answer `pixels` finds out whether the range that was assumed is doubtful.

    Whoever shows a prediction shows that it is `outdated`, too: from the moment at which another image or
    model is current until the next answer.

    Signals:
        changed: `Predicted`, or None while there is no model.
        outdated_changed: why the last answer is none to what is current; "" when it is one.
    """

    changed = Signal(object)
    outdated_changed = Signal(str)

    def __init__(self, workspace: Workspace, jobs: Jobs, ending: Ending) -> None:
        self._workspace = workspace
        self._jobs = jobs
        self._looking: list[Callable[[], bool]] = []
        self._last: Predicted | None = None
        self._outdated = ""
        self._asked: tuple[object, object] | None = None
        self.pixels = PixelCheck(jobs)
        for signal in (workspace.image_changed, workspace.model_changed):
            ending.listen(signal, self._request_changed)

    @property
    def last(self) -> Predicted | None:
        """The last answer; for a moment it may be of the image or model before: then `outdated` says so."""
        return self._last

    @property
    def outdated(self) -> str:
        """Why the last answer is none to what is current; "" where it is one, or of the frame before."""
        return self._outdated

    @property
    def prediction(self) -> Prediction | None:
        """The prediction of the current image by the current model, if it is known already."""
        last = self._last
        if last is None or last.image is not self._workspace.image or last.model is not self._workspace.model:
            return None
        return last.prediction

    def follow(self, looking: Callable[[], bool]) -> Callable[[], None]:
        """Predict while somebody looks; `predict_while_visible` does so for a widget.

        Args:
            looking: whether that is so; `seen` tells that it has begun.

        Returns:
            what ends it.
        """
        self._looking.append(looking)
        self._refresh()
        return lambda: self._looking.remove(looking)

    def seen(self) -> None:
        """Somebody has begun to look."""
        self._refresh(shown=True)

    def _request_changed(self, *_: object) -> None:
        self._mark()
        self._refresh()

    def _mark(self) -> None:
        """Tell at once what does not answer any more."""
        last, model, image = self._last, self._workspace.model, self._workspace.image
        words = ""
        if last is not None and model is not None:
            if last.model is not model:
                words = f"Still of {last.model.name}."
            elif last.image.id != image.id:
                words = f"Still of {last.image.name}."
        if words != self._outdated:
            self._outdated = words
            self.outdated_changed.emit(words)

    def _refresh(self, *_: object, shown: bool = False) -> None:
        model, image = self._workspace.model, self._workspace.image
        if model is None:
            self._asked = None
            self._jobs.cancel_key(KEY)
            self._tell(None)
            return
        # During a show event the widget is not visible yet.
        if not (shown or any(looking() for looking in self._looking)):
            return
        if self._asked == (model, image):
            return
        self._asked = (model, image)

        def work(task: Task) -> Predicted:
            started = time.perf_counter()
            try:
                prediction = model.predict(image)
            except UserError as error:
                return Predicted(model, image, None, reason=error.message)
            return Predicted(model, image, prediction, 1000 * (time.perf_counter() - started))

        self._jobs.submit(
            "engine",
            work,
            title=f"Classifying {image.name}",
            key=KEY,
            supersede="finish",
            quiet=True,
            on_done=self._tell,
            on_failed=self._failed,
        )

    def _failed(self, error: BaseException) -> None:
        self._asked = None
        model = self._workspace.model
        if model is not None:
            reason = f"The image could not be classified: {error}"
            self._tell(Predicted(model, self._workspace.image, None, reason=reason))

    def _tell(self, predicted: Predicted | None) -> None:
        self._last = predicted
        self._mark()
        self.changed.emit(predicted)
        if predicted is None or predicted.prediction is not None:
            # Never before the first answer: that is what a person waits for.
            self.pixels.follow(predicted.model if predicted is not None else None)
