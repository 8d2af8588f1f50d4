"""The data panel: a data set's classes, images, splits and augmentation."""

from convscope.ui.panels.data.panel import DataPanel

__all__ = ["DataPanel"]
