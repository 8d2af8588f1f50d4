"""The whole script: network and picture opened, the method's own lines, the map and the overlay saved."""

from __future__ import annotations

import re

from convscope.engine.interpret.attribution.context import AttributionContext
from convscope.engine.interpret.attribution.gradients import relu_steps
from convscope.engine.interpret.attribution.layers import checked_layer
from convscope.engine.interpret.attribution.method import Method, ScriptInputs
from convscope.engine.interpret.attribution.methods import find_method
from convscope.engine.interpret.attribution.picture import Style
from convscope.engine.interpret.attribution.result import CAP, MapRequest
from convscope.engine.interpret.attribution.script.network import (
    SCORES,
    gradient_code,
    guided_code,
    logits_code,
    maps_code,
)
from convscope.engine.interpret.attribution.script.opening import (
    open_image_code,
    open_model_code,
    prepare_code,
)
from convscope.imaging.colormaps import colormap
from convscope.imaging.lab.display import Scale


def to_python(
    context: AttributionContext,
    request: MapRequest,
    style: Style | None = None,
    *,
    scale: Scale | None = None,
    network: str | None = None,
    photograph: str | None = None,
) -> str:
    """A script that makes the same map, leaves it in `heat`, and saves heat.npy and overlay.png.

    Args:
        context: the image before the model; the script opens both from their files.
        request: the map.
        style: of the overlay.
        scale: the colours' ends that the overlay shares with other maps; the map's own by default.
        network, photograph: names of a `.keras` file and a PNG that were saved beside the script.

    Raises:
        UserError: the network or the picture cannot be opened by a short script; what to do instead.
    """
    style = style or Style()
    method = find_method(request.method)
    settings = method.settings(request.settings)
    model, target = context.model, request.target or context.top()
    target.check(model)
    layer = checked_layer(model, request.layer) if method.needs_layer else None
    body = method.script(
        ScriptInputs(context, target, settings, lambda: guided_code(context, relu_steps(model)))
    )

    def uses(name: str) -> bool:
        return any(name in line for line in body)

    if uses("at_image"):
        context.check_gradient()
    channels = model.input_shape[2]
    words = " ".join(target.words(model).split())
    weights = target.weights(model.head)
    lines = [open_model_code(model, network), ""]
    lines += open_image_code(context.image, context.prepared, channels, photograph)
    lines += [*prepare_code(model.preprocessing, channels), ""]
    lines += [
        f"# What is explained: {words}.",
        f"weights = np.zeros({len(weights)}, np.float32)",
        *(f"weights[{index}] = {weight:g}" for index, weight in enumerate(weights.tolist()) if weight),
        "",
        *logits_code(context),
        "",
        "",
    ]
    if layer is not None:
        lines += maps_code(context, layer.path, context.maps(layer).shape, uses("at_layer"))
    if uses("gradient("):
        lines += gradient_code(of_image=uses("at_image"))
    if uses("scores("):
        lines += [*SCORES.splitlines(), "", ""]
    lines += ["", f"# {method.title}: {method.formula}", *body, *_saved(style, method, scale)]
    text = re.sub(r"\n{4,}", "\n\n\n", "\n".join(lines))
    where = f" at {layer.path}" if layer else ""
    head = [f'"""{method.title} of "{_plain(words)}"{_plain(where)}, as convscope computes it."""', ""]
    standard = ["import io"] if "io.BytesIO" in text else []
    standard += ["import json"] if "json." in text else []
    standard += ["from pathlib import Path"] if "Path(" in text else []
    head += [*standard, ""] if standard else []
    pillow = ", ".join(name for name in ("Image", "ImageCms", "ImageOps") if f"{name}." in text)
    head += ["import keras", "import numpy as np", f"from PIL import {pillow}", ""]
    return "\n".join([*head, text, ""])


def _plain(words: str) -> str:
    """A name may hold anything and must stay inside its docstring."""
    return words.replace("\\", "/").replace('"', "'")


def _saved(style: Style, method: Method, scale: Scale | None) -> list[str]:
    """Lines that save the map, and the overlay in 16 colours of the scale with all those between them."""
    name = style.colormap or ("diverging" if method.signed else "viridis")
    table = [tuple(colour) for colour in colormap(name)[::17].tolist()]
    how = "NEAREST" if style.how == "nearest" else "BILINEAR"
    # Under diverging colours the picture is gray, so that every colour is the map's.
    gray = ".convert('L')" if name == "diverging" and style.opacity > 0 else ""
    if scale is not None:
        ends = [
            "# The ends of the colours, which all maps by this method on the grid share.",
            f"low, high = {scale.low!r}, {scale.high!r}",
        ]
    elif method.offset_free:
        ends = ["low, high = float(heat.min()), float(heat.max())"]
    else:
        size = "np.abs(heat)" if method.signed else "heat"
        largest = f"{size}.max()"
        if method.grainy:
            # Single pixels stand out so far that the colours end before them.
            largest = f"np.percentile(np.abs(heat), {CAP:g}) or {largest}"
        ends = [f"high = float({largest})", f"low = {'-high' if method.signed else '0.0'}"]
    if style.blend == "even":
        opacity = [f"opacity = {style.opacity:g}"]
    else:
        hot = "np.clip(np.abs(large) / (high or 1.0), 0, 1)" if method.signed else "level"
        opacity = [
            "# The picture is clear where there is no heat.",
            f"opacity = {style.opacity:g} * np.sqrt({hot})[..., None]",
        ]
    return [
        "heat = heat.astype(np.float32)",
        'np.save("heat.npy", heat)',
        "",
        "# The overlay.",
        f"colours = np.array({table})",
        *ends,
        f"large = np.asarray(Image.fromarray(heat).resize(picture.size, Image.Resampling.{how}))",
        "level = np.clip((large - low) / ((high - low) or 1.0), 0, 1)",
        "heated = np.stack([np.interp(level * 15, np.arange(16), colours[:, c]) for c in range(3)], axis=-1)",
        f'shown = np.asarray(picture{gray}.convert("RGB"), np.float32)',
        *opacity,
        "mixed = np.rint((1 - opacity) * shown + opacity * heated)",
        'Image.fromarray(mixed.astype(np.uint8)).save("overlay.png")',
    ]
