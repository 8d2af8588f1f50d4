"""The training panel."""

from convscope.ui.panels.train.panel import TrainPanel

__all__ = ["TrainPanel"]
