"""The patterns panel."""

from convscope.ui.panels.patterns.panel import PatternsPanel

__all__ = ["PatternsPanel"]
