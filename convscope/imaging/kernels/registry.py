"""All kernel presets, in the order of the menus: a new one is an entry, or a file and its name here."""

from __future__ import annotations

import difflib

from convscope.core.errors import UserError
from convscope.imaging.kernels import basics, blurs, edges, gabor, second_derivatives, shapes, sharpeners
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.kernels.preset import Preset

PRESETS: dict[str, Preset] = {
    preset.key: preset
    for module in (basics, blurs, sharpeners, edges, second_derivatives, shapes, gabor)
    for preset in module.PRESETS
}


def groups() -> dict[str, tuple[Preset, ...]]:
    """The presets under their menu headings, in order."""
    names = dict.fromkeys(preset.group for preset in PRESETS.values())
    return {name: tuple(p for p in PRESETS.values() if p.group == name) for name in names}


def make(key: str, **values: float) -> Kernel:
    """A preset's kernel, such as `make("gaussian", sigma=1.4)`; parameters left out have their defaults.

    Raises:
        UserError: no such preset, no such parameter, or one outside its range.
    """
    if key not in PRESETS:
        near = difflib.get_close_matches(key.lower(), PRESETS, n=3) or list(PRESETS)[:3]
        raise UserError(
            f"There is no kernel called {key!r}: perhaps {' or '.join(near)}; convscope kernels lists all."
        )
    return PRESETS[key].make(**values)
