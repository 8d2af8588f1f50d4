"""All methods, in the order in which they are offered. A new one is a file and a line here."""

from __future__ import annotations

import difflib

from convscope.core.errors import UserError
from convscope.engine.interpret.attribution.method import Method
from convscope.engine.interpret.attribution.methods import (
    eigen_cam,
    grad_cam,
    grad_cam_plus_plus,
    gradient_times_input,
    guided_backprop,
    guided_grad_cam,
    hires_cam,
    integrated_gradients,
    layer_cam,
    occlusion,
    rise,
    saliency,
    score_cam,
    smooth_grad,
    xgrad_cam,
)

METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        grad_cam.METHOD,
        grad_cam_plus_plus.METHOD,
        layer_cam.METHOD,
        hires_cam.METHOD,
        xgrad_cam.METHOD,
        score_cam.METHOD,
        eigen_cam.METHOD,
        saliency.METHOD,
        smooth_grad.METHOD,
        integrated_gradients.METHOD,
        gradient_times_input.METHOD,
        guided_backprop.METHOD,
        guided_grad_cam.METHOD,
        occlusion.METHOD,
        rise.METHOD,
    )
}


def find_method(name: str) -> Method:
    """The method of this name, in any letter case and with or without hyphens.

    Raises:
        UserError: there is none.
    """
    wanted = _plain(name)
    for method in METHODS.values():
        if wanted in (_plain(method.name), _plain(method.title)):
            return method
    names = {
        _plain(words): method.name for method in METHODS.values() for words in (method.name, method.title)
    }
    close = [names[one] for one in difflib.get_close_matches(wanted, names, 3)]
    hint = f" (did you mean {' or '.join(dict.fromkeys(close))}?)" if close else ""
    raise UserError(f"There is no method {name}{hint}: choose one of {', '.join(METHODS)}.")


def _plain(name: str) -> str:
    return name.lower().replace("++", "plusplus").translate(str.maketrans("", "", " -_"))
