"""The kernel lab."""

from convscope.ui.panels.kernels.panel import KernelsPanel

__all__ = ["KernelsPanel"]
