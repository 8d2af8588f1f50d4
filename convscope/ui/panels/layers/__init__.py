"""Layers: every feature map of the current image."""

from convscope.ui.panels.layers.panel import LayersPanel

__all__ = ["LayersPanel"]
