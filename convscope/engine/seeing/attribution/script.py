"""A map as a Python script that needs Keras, NumPy and Pillow alone."""

from __future__ import annotations

from convscope.engine.seeing.attribution.layers import checked_layer
from convscope.engine.seeing.attribution.look import Look
from convscope.engine.seeing.attribution.method import Settings
from convscope.engine.seeing.attribution.methods import find_method
from convscope.engine.seeing.attribution.methods.occlusion import windows
from convscope.engine.seeing.attribution.picture import Style
from convscope.engine.seeing.attribution.result import Request
from convscope.engine.seeing.attribution.script_parts import (
    GRADIENT,
    open_image_code,
    open_model_code,
    prepare_code,
)
from convscope.engine.seeing.attribution.script_way import way_to_scores
from convscope.errors import UserError
from convscope.imaging.colormaps import colormap

_RELU = "heat = np.maximum(heat, 0)"
_CAMS = {
    "grad-cam": ("heat = maps @ slopes.mean(axis=(0, 1))", _RELU),
    "grad-cam++": (
        "below = 2 + slopes * maps.sum(axis=(0, 1))",
        "alpha = np.divide(1, below, out=np.zeros_like(slopes), where=(slopes != 0) & (below != 0))",
        "heat = maps @ (alpha * np.maximum(slopes, 0)).sum(axis=(0, 1))",
        _RELU,
    ),
    "layer-cam": ("heat = (np.maximum(slopes, 0) * maps).sum(axis=-1)", _RELU),
    "hires-cam": ("heat = (slopes * maps).sum(axis=-1)",),
    "xgrad-cam": (
        "totals = maps.sum(axis=(0, 1))",
        "shares = (slopes * maps).sum(axis=(0, 1))",
        "heat = maps @ np.divide(shares, totals, out=np.zeros_like(totals), where=totals != 0)",
        _RELU,
    ),
    "eigen-cam": (
        "flat = maps.reshape(-1, maps.shape[-1])",
        "u, s, v = np.linalg.svd(flat, full_matrices=False)",
        "heat = (u[:, 0] * s[0]).reshape(maps.shape[:2])",
        "heat = -heat if heat.sum() < 0 else heat",
    ),
}
_INPUT = {
    "saliency": ("heat = np.abs(gradient(x)).max(axis=-1)",),
    "gradient-x-input": ("heat = (x[0] * gradient(x)).sum(axis=-1)",),
}
SCRIPTED = frozenset((*_CAMS, *_INPUT, "smooth-grad", "integrated-gradients", "occlusion"))
"""The methods that a script is offered for."""


def to_python(look: Look, request: Request, style: Style | None = None) -> str:
    """A script that makes the same map, leaves it in `heat`, and saves heat.npy and overlay.png.

    Args:
        look: the image before the model; the script opens both from their files.
        request: the map.
        style: of the overlay.

    Raises:
        UserError: this method, model or picture takes more than a short script; what to do instead.
    """
    style = style or Style()
    method = find_method(request.method)
    if method.name not in SCRIPTED:
        offered = ", ".join(find_method(name).title for name in sorted(SCRIPTED))
        raise UserError(f"{method.title} takes more than a short script; there are scripts for {offered}.")
    settings = method.settings(request.settings)
    model, target = look.model, request.target or look.top()
    target.check(model)
    layer = checked_layer(model, request.layer).path if method.needs_layer else None
    channels = model.input_shape[2]
    way = way_to_scores(model, layer)
    network = open_model_code(model)
    lines = [network, "", *open_image_code(look.image, look.prepared, channels)]
    lines += [*prepare_code(model.preprocessing, channels), "", "# The network, taken apart.", *way.setup]
    words = " ".join(target.words(model).split())
    weights = target.weights(model.head)
    lines += [
        f"weights = np.zeros({len(weights)}, np.float32)  # what is explained: {words}",
        *(f"weights[{index}] = {weight:g}" for index, weight in enumerate(weights.tolist()) if weight),
        *(_function("maps_of", "From the input to the layer's maps.", way.maps) if layer else ()),
        *_function("logits", "The scores before softmax.", way.scores),
        "",
    ]
    body = _body(method.name, settings, look)
    if any("gradient(" in line for line in body):
        lines.append(GRADIENT)
    lines += ["", f"# {method.title}: {method.formula}", *body, *_saved(style, method.signed)]
    text = "\n".join(lines).replace("\n\n\n\n", "\n\n\n")
    where = f" at {layer}" if layer else ""
    head = [f'"""{method.title} of "{_plain(words)}"{_plain(where)}, as convscope computes it."""', ""]
    standard = ["import io"] if "io.BytesIO" in text else []
    if "json." in text:
        standard += ["import json", "from pathlib import Path"]
    head += [*standard, ""] if standard else []
    pillow = ", ".join(name for name in ("Image", "ImageCms", "ImageOps") if f"{name}." in text)
    head += ["import keras", "import numpy as np", f"from PIL import {pillow}", ""]
    return "\n".join([*head, text, ""])


def _function(name: str, words: str, body: tuple[str, ...]) -> tuple[str, ...]:
    ends = () if body[-1:] and body[-1].startswith("return") else ("return values",)
    lines = (f"    {line}" for line in (*body, *ends))
    return ("", "", f"def {name}(values):", f'    """{words}"""', *lines)


def _plain(words: str) -> str:
    """A name may hold anything and must stay inside its docstring."""
    return words.replace("\\", "/").replace('"', "'")


def _body(name: str, settings: Settings, look: Look) -> list[str]:
    if name in _CAMS:
        lines = ["values = keras.ops.convert_to_numpy(maps_of(x))", "maps = values[0]"]
        if name != "eigen-cam":
            lines.append("slopes = gradient(values)")
        return [*lines, *_CAMS[name]]
    if name in _INPUT:
        return list(_INPUT[name])
    if name == "smooth-grad":
        return [
            f"generator = np.random.default_rng({settings['seed']})",
            f"deviation = {settings['noise']} / 100 * float(x.max() - x.min())",
            f"count, total = {settings['samples']}, 0",
            "for start in range(0, count, 8):",
            "    shape = (min(8, count - start), *x.shape[1:])",
            "    noise = generator.standard_normal(shape, np.float32)",
            "    total = total + gradient(x + np.float32(deviation) * noise)",
            "heat = np.abs(total / count).max(axis=-1)",
        ]
    if name == "integrated-gradients":
        return [
            *_fill(str(settings["baseline"])),
            f"count, total = {settings['steps']}, 0",
            "for start in range(0, count, 8):",
            "    alphas = (np.arange(start, min(start + 8, count), dtype=np.float32) + 0.5) / count",
            "    total = total + gradient(empty + alphas[:, None, None, None] * (x - empty))",
            "heat = ((x - empty)[0] * total / count).sum(axis=-1)",
        ]
    return _occlusion(settings, look)


def _occlusion(settings: Settings, look: Look) -> list[str]:
    (height, rows), (width, columns) = (
        windows(side, float(settings["window"]), float(settings["stride"])) for side in look.size
    )
    return [
        *_fill(str(settings["fill"])),
        "score = lambda batch: float(keras.ops.convert_to_numpy(logits(batch))[0] @ weights)",
        "whole, falls, covered = score(x), np.zeros(x.shape[1:3]), np.zeros(x.shape[1:3])",
        f"for top in {rows}:",
        f"    for left in {columns}:",
        f"        rows, columns = slice(top, top + {height}), slice(left, left + {width})",
        "        hidden = x.copy()",
        "        hidden[:, rows, columns] = empty[:, rows, columns]",
        "        falls[rows, columns] += whole - score(hidden)",
        "        covered[rows, columns] += 1",
        "heat = falls / covered",
    ]


def _fill(fill: str) -> list[str]:
    """Lines that leave the picture without content in `empty`."""
    if fill == "blurred":
        raise UserError("A blurred fill takes more than a short script: choose black, gray, white or mean.")
    if fill == "mean":
        return ["empty = np.broadcast_to(prepare(pixels.mean(axis=(0, 1))), x.shape)"]
    level = {"black": 0.0, "gray": 127.5, "white": 255.0}[fill]
    return [f"empty = prepare(np.full_like(pixels, {level}))[None]"]


def _saved(style: Style, signed: bool) -> list[str]:
    """Lines that save the map, and the overlay in 16 colours of the scale with all those between them."""
    name = style.colormap or ("diverging" if signed else "viridis")
    table = [tuple(colour) for colour in colormap(name)[::17].tolist()]
    how = "NEAREST" if style.how == "nearest" else "BILINEAR"
    low = "-largest" if name == "diverging" else "0.0"
    span = "np.abs(heat).max()" if name == "diverging" else "heat.max()"
    return [
        "heat = heat.astype(np.float32)",
        'np.save("heat.npy", heat)',
        "",
        "# The overlay.",
        f"colours = np.array({table})",
        f"largest = float({span}) or 1.0",
        f"large = np.asarray(Image.fromarray(heat).resize(picture.size, Image.Resampling.{how}))",
        f"level = np.clip((large - ({low})) / (largest - ({low})), 0, 1)",
        "heated = np.stack([np.interp(level * 15, np.arange(16), colours[:, c]) for c in range(3)], axis=-1)",
        'shown = np.asarray(picture.convert("RGB"), np.float32)',
        f"mixed = np.rint((1 - {style.opacity}) * shown + {style.opacity} * heated)",
        'Image.fromarray(mixed.astype(np.uint8)).save("overlay.png")',
    ]
