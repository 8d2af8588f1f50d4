"""What a panel is given by the window: nothing else of the window is its business."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from convscope.jobs import Jobs
from convscope.session.session import Session


@dataclass(frozen=True)
class PanelContext:
    """The current image and lab, the way to a worker thread, and the way to tell the person something.

    Attributes:
        report: shows a failure as one sentence with its detail, and logs it.
        notify: says one sentence ("Copied").
    """

    session: Session
    jobs: Jobs
    report: Callable[[BaseException], None]
    notify: Callable[[str], None]
