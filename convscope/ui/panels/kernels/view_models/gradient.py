"""The gradient of the current image: how it is taken, and its four pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from convscope.core.task import Task
from convscope.imaging.image import Image
from convscope.imaging.lab import gradient as gradients
from convscope.imaging.lab.display import to_bytes
from convscope.ui.panels.kernels.view_models.asking import Asking
from convscope.ui.panels.kernels.view_models.frame import LabFrame, LabRefused

if TYPE_CHECKING:
    from convscope.ui.panel_context import PanelContext


@dataclass(frozen=True)
class GradientSettings:
    """How the gradient is taken and shown, as undo remembers it.

    Attributes:
        operator: whose kernels.
        weigh: "strength": a direction is as bright as its gradient is strong; or "alike".
    """

    operator: Literal["sobel", "scharr", "prewitt"] = "sobel"
    weigh: Literal["strength", "alike"] = "strength"


@dataclass(frozen=True)
class GradientRequest:
    """Which image, and how."""

    image: Image
    settings: GradientSettings


@dataclass(frozen=True, eq=False)
class GradientPictures:
    """Gx, Gy, magnitude and angle, each as uint8 H×W (angle: H×W×3) and as float32 H×W.

    Attributes:
        operator: whose kernels.
        full: the magnitude from which on a direction is fully bright; 0: each is.
        largest: the end of the scale of Gx and Gy.
    """

    operator: str
    full: float
    largest: float
    pictures: dict[str, tuple[NDArray[np.uint8], NDArray[np.float32]]]


class GradientViewModel(Asking[GradientRequest, GradientPictures]):
    """The gradient of the current image; kernel and chain have no part in it."""

    def __init__(self, context: PanelContext) -> None:
        super().__init__(context, "gradient", gradient_pictures)
        self.settings = context.workspace.part("kernels.gradient", GradientSettings(), "kernels.gradient")
        self._image: Image | None = None
        context.listen(self.settings.changed, lambda _settings: self._ask())

    def edit(self, label: str, **changes: Any) -> None:
        """Take or show it otherwise, by one undoable step."""
        self.settings.edit(replace(self.settings.value, **changes), label)

    def show(self, shown: LabFrame | LabRefused) -> None:
        self._image = shown.image
        self._ask()

    def _ask(self) -> None:
        if self._image is not None:
            self.ask(GradientRequest(self._image, self.settings.value))


def gradient_pictures(request: GradientRequest, task: Task) -> GradientPictures:
    """The four pictures, Gx and Gy on one scale."""
    operator = request.settings.operator
    found = gradients.gradient(request.image, operator)
    task.check()
    full = 0.0 if request.settings.weigh == "alike" else gradients.strong(found.magnitude)
    # They are parts of one arrow: a change across looks as strong as the same change down. And no change is
    # black, however strong the least of it is.
    largest = max(float(np.abs(part).max()) for part in (found.gx, found.gy))
    both, most = (-largest, largest), float(found.magnitude.max())
    pictures = {
        "gx": (to_bytes(found.gx, "signed", extremes=both)[0], found.gx),
        "gy": (to_bytes(found.gy, "signed", extremes=both)[0], found.gy),
        "magnitude": (to_bytes(found.magnitude, "stretch", extremes=(0.0, most))[0], found.magnitude),
        "angle": (gradients.angle_picture(found.angle, found.magnitude, full), found.angle),
    }
    return GradientPictures(operator, full, largest, pictures)
