"""The kernel lab's document: the chain of stages on the current image, and how its result is shown."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from convscope.core.errors import UserError
from convscope.imaging.image import Image
from convscope.imaging.kernels import make
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.lab.operation import DisplayMode, Operation, ShownChannel
from convscope.imaging.lab.suited import is_table, suited_display

SOBEL_X = make("sobel-x")


@dataclass(frozen=True)
class Lab:
    """What undo takes back in the kernel lab; never changed, only replaced.

    Attributes:
        stages: the chain, first to last; never empty.
        selected: the index of the stage that the controls edit.
        display: how exact results become a picture.
        chosen: whether a person chose that; else it is the one that suits the kernels.
        channel: which of three channels source and result are shown in.
    """

    stages: tuple[Operation, ...] = field(default_factory=lambda: (Operation(kernels=(SOBEL_X,)),))
    selected: int = 0
    display: DisplayMode = "abs"
    chosen: bool = False
    channel: ShownChannel = "all"

    def __post_init__(self) -> None:
        if not self.stages:
            raise UserError("A chain needs at least one stage.")
        object.__setattr__(self, "selected", min(max(self.selected, 0), len(self.stages) - 1))
        if not self.chosen:
            shown = self.stages[: self.selected + 1]
            object.__setattr__(self, "display", suited_display(shown, self.display))

    @property
    def stage(self) -> Operation:
        return self.stages[self.selected]

    def display_on(self, image: Image) -> DisplayMode:
        """The display in force on an image: where nobody chose one, a table of numbers is stretched."""
        return "stretch" if not self.chosen and is_table(image) else self.display

    def with_stage(self, **changes: Any) -> Lab:
        """The selected stage with some of its settings changed."""
        stages = list(self.stages)
        stages[self.selected] = replace(self.stage, **changes)
        return replace(self, stages=tuple(stages))

    def with_kernel(self, kernel: Kernel, channel: int | None = None) -> Lab:
        """The selected stage with another kernel: for one channel of an RGB filter, or for all.

        A kernel of another size replaces all three, since an RGB filter's kernels have one size.
        """
        kernels = list(self.stage.kernels)
        if channel is None or len(kernels) == 1:
            kernels = [kernel] * len(kernels)
        else:
            kernels = [old if old.shape == kernel.shape else old.resized(*kernel.shape) for old in kernels]
            kernels[channel] = kernel
        return self.with_stage(kernels=tuple(kernels))

    def with_kernels(self, kernels: tuple[Kernel, ...]) -> Lab:
        """The selected stage with one kernel in place of all that it has, or the three of an RGB filter."""
        if len(kernels) == 3:
            return self.with_stage(kernels=kernels, channels="filter")
        return self.with_stage(kernels=kernels * len(self.stage.kernels))

    def inserted(self, stage: Operation) -> Lab:
        """A stage added after the selected one, and selected."""
        at = self.selected + 1
        return replace(self, stages=(*self.stages[:at], stage, *self.stages[at:]), selected=at)

    def removed(self, index: int) -> Lab:
        """Without one stage.

        Raises:
            UserError: it is the only one.
        """
        stages = self.stages[:index] + self.stages[index + 1 :]
        selected = self.selected - (index < self.selected or self.selected == len(stages))
        return replace(self, stages=stages, selected=selected)

    def moved(self, index: int, to: int) -> Lab:
        """One stage at another place of the chain; it stays selected."""
        stages = list(self.stages)
        stages.insert(to, stages.pop(index))
        return replace(self, stages=tuple(stages), selected=to)
