"""Who steers and watches a training, handed through all that it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from convscope.core.task import Task
from convscope.engine.training.control import Control
from convscope.engine.training.record import Recorder
from convscope.engine.training.snapshots import NetworkSnapshot


@dataclass(frozen=True, eq=False)
class Session:
    """A training from its request to its result; it may have several parts.

    Attributes:
        control: pauses, steps and stops it from any thread.
        recorder: is told every batch and epoch.
        task: cancels it, and hears how far it is.
        show: gets live snapshots of the network, on the training thread; None: nobody looks.
    """

    control: Control = field(default_factory=Control)
    recorder: Recorder = field(default_factory=Recorder)
    task: Task = field(default_factory=Task)
    show: Callable[[NetworkSnapshot], None] | None = None

    @staticmethod
    def of(
        control: Control | None,
        recorder: Recorder | None,
        task: Task | None,
        show: Callable[[NetworkSnapshot], None] | None,
    ) -> Session:
        """What nobody has brought is made."""
        return Session(control or Control(), recorder or Recorder(), task or Task(), show)
