"""The charts of the live page, from top to bottom. A new one is a file beside this and a line here."""

from __future__ import annotations

from convscope.ui.panels.train.live.charts.base import LiveChart
from convscope.ui.panels.train.live.charts.learning_rate import LearningRateChart
from convscope.ui.panels.train.live.charts.loss import LossChart
from convscope.ui.panels.train.live.charts.metric import MetricChart

CHARTS: list[type[LiveChart]] = [LossChart, MetricChart, LearningRateChart]
