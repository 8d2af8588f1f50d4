"""One of the metrics that a run measures besides its loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convscope.ui.panels.train.live.charts.base import CurveChart

if TYPE_CHECKING:
    from convscope.engine.training.settings import TrainingSettings

METRICS = {
    "accuracy": "Accuracy",
    "top_5_accuracy": "Top-5 accuracy",
    "auc": "Area under the ROC curve",
    "precision": "Precision",
    "recall": "Recall",
}


class MetricChart(CurveChart):
    """The metric that is chosen over the charts.

    Attributes:
        names: of those that the run measures.
    """

    name, heading, series = "train.metric_chart", "Accuracy", "accuracy"
    is_share = True

    def __init__(self) -> None:
        super().__init__()
        self.names: tuple[str, ...] = ()

    def begin(self, settings: TrainingSettings) -> None:
        self.names = tuple(name for name in settings.metrics if name in METRICS)

    def is_measured(self, settings: TrainingSettings | None) -> bool:
        return settings is None or bool(self.names)

    def choose(self, wanted: str) -> None:
        """Show this metric if it is measured, else the first that is."""
        first = self.names[0] if self.names else "accuracy"
        self.series = wanted if wanted in self.names else first
        self.set_title(METRICS[self.series])
