"""All views of the lab, in the order of their tabs: a new one is a file and a line here."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convscope.ui.panels.kernels.views.view import View


@dataclass(frozen=True)
class ViewEntry:
    """A view that can be chosen; its module is imported when it is first shown.

    Attributes:
        name: its id, and the name of its module.
        title, sentence: what the tab says, and what is said of it.
        made_by: the class in its module.
    """

    name: str
    title: str
    sentence: str
    made_by: str

    def load(self) -> type[View]:
        found: type[View] = getattr(importlib.import_module(f"{__package__}.{self.name}"), self.made_by)
        return found


VIEWS = (
    ViewEntry("picture", "Picture", "Source and result, as two pictures or under a divider", "PictureView"),
    ViewEntry("scan", "Scan", "The window slides, the output fills in", "ScanView"),
    ViewEntry("bank", "Bank", "Several kernels on one image, one map each", "BankView"),
    ViewEntry("gradient", "Gradient", "Gx, Gy, magnitude and angle", "GradientView"),
    ViewEntry("rgb", "RGB", "Three kernels, three products, a sum and a bias", "RgbView"),
    ViewEntry("spectrum", "Spectrum", "Frequencies of image, kernel and result", "SpectrumView"),
    ViewEntry("sequence", "1-D", "A sequence and weights as bars", "SequenceView"),
    ViewEntry("matrix", "Matrix", "A typed matrix as the image, in numbers", "MatrixView"),
)
