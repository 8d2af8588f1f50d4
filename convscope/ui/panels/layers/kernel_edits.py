"""What a person does with a kernel: weights changed on a copy of the network, a kernel tried in the lab."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from convscope.core.errors import UserError
from convscope.engine.interpret.kernels_of import Kernels
from convscope.imaging.lab.operation import Operation
from convscope.ui.panel_context import PanelContext
from convscope.ui.panels.layers.controller import Controller
from convscope.ui.panels.layers.kernel_page import KernelPage
from convscope.workspace.lab import Lab


class KernelEdits:
    """Brings the wishes of the kernel page before the controller and the workspace."""

    def __init__(self, context: PanelContext, controller: Controller, page: KernelPage) -> None:
        self._context, self._controller, self._page = context, controller, page
        page.edited.connect(self._edit_kernel)
        page.bias_edited.connect(self._edit_bias)
        page.tried.connect(self._try)
        page.rejected.connect(lambda sentence: context.report(UserError(sentence)))

    def _kernels(self) -> Kernels | None:
        """Those on show, if they are still the current model's: another may have been chosen just now."""
        model = self._page.model
        return self._page.kernels if model is not None and self._controller.is_current(model) else None

    def _edit_kernel(self, channel: int, index: int, weights: NDArray[np.float64], gesture: str) -> None:
        kernels = self._kernels()
        if kernels is not None:
            self._controller.edit_kernel(kernels.path, kernels.kind, channel, index, weights, gesture)

    def _edit_bias(self, channel: int, value: float) -> None:
        kernels = self._kernels()
        if kernels is None:
            return
        try:
            self._controller.edit_bias(kernels.path, channel, value)
        except UserError as error:
            self._context.report(error)

    def _try(self, operation: Operation) -> None:
        # Its values go below 0 and, on pixels of 0–255, far beyond them: on their own scale they can be seen.
        lab = Lab((operation,), 0, "signed")
        self._context.workspace.edit_lab(lab, f"Kernel of {operation.kernel.name}")
        self._context.show_panel("kernels")
