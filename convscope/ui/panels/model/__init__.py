"""The model panel: read a network, see its graph, build one, find one."""

from convscope.ui.panels.model.panel import ModelPanel

__all__ = ["ModelPanel"]
