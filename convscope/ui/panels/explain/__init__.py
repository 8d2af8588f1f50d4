"""Why did it say that: maps of where a network looked, and whether they are true."""

from convscope.ui.panels.explain.panel import ExplainPanel

__all__ = ["ExplainPanel"]
