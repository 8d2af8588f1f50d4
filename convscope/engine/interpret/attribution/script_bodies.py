"""The part of a script that is each method's own: from maps, gradients and scores to `relevance`."""

from __future__ import annotations

from convscope.engine.interpret.attribution.context import AttributionContext
from convscope.engine.interpret.attribution.method import Settings
from convscope.engine.interpret.attribution.methods.occlusion import windows
from convscope.engine.interpret.attribution.target import ScoreTarget

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
}
_INPUT = {
    "saliency": ("heat = np.abs(gradient(x, at_image)).max(axis=-1)",),
    "gradient-x-input": ("heat = (x[0] * gradient(x, at_image)).sum(axis=-1)",),
    "guided-backprop": ("heat = np.abs(gradient(x, at_image)).max(axis=-1)",),
}
_EIGEN = (
    "flat = maps.reshape(-1, maps.shape[-1])",
    "u, s, v = np.linalg.svd(flat, full_matrices=False)",
    "heat = (u[:, 0] * s[0]).reshape(maps.shape[:2])",
    "heat = -heat if heat.sum() < 0 else heat",
)
_BLURRED = '''

def blurred(values, sigma):
    """A Gaussian blur, mirrored at the borders."""
    radius = round(8 * sigma + 1) // 2
    kernel = np.exp(-(np.arange(-radius, radius + 1) ** 2) / (2 * sigma**2))
    kernel = (kernel / kernel.sum()).astype(np.float32)
    for axis in (0, 1):
        wide = np.pad(values, [(radius, radius) if n == axis else (0, 0) for n in range(3)], "reflect")
        places = np.arange(values.shape[axis])
        values = sum(weight * wide.take(places + n, axis) for n, weight in enumerate(kernel))
    return values

'''


def layer_body(name: str, settings: Settings, context: AttributionContext) -> list[str]:
    """Lines of a method on a layer's `maps` (guided Grad-CAM: the coarse one of its two factors)."""
    if name == "eigen-cam":
        return list(_EIGEN)
    if name == "score-cam":
        return _score_cam(int(settings["channels"]), context)
    return ["slopes = gradient(x, at_layer)", *_CAMS["grad-cam" if name == "guided-grad-cam" else name]]


def input_body(name: str, settings: Settings, context: AttributionContext, target: ScoreTarget) -> list[str]:
    """Lines of a method on the image alone (guided Grad-CAM: the fine one of its two factors)."""
    if name == "guided-grad-cam":
        return [
            f"large = keras.ops.image.resize(heat[..., None], {context.size})",
            "fine = np.abs(gradient(x, at_image)).max(axis=-1)",
            "heat = fine * keras.ops.convert_to_numpy(large)[..., 0]",
        ]
    if name == "smooth-grad":
        return _smooth_grad(settings)
    if name == "integrated-gradients":
        return _integrated_gradients(settings, context)
    if name == "occlusion":
        return _occlusion(settings, context)
    if name == "rise":
        return _rise(settings, context, target)
    return list(_INPUT[name])


def _score_cam(limit: int, context: AttributionContext) -> list[str]:
    strongest = (
        "strongest = np.argsort(-maps[..., channels].std(axis=(0, 1)), kind='stable')",
        f"channels = np.sort(channels[strongest[:{limit}]])",
    )
    return [
        "low, high = maps.min(axis=(0, 1)), maps.max(axis=(0, 1))",
        "channels = np.flatnonzero(high > low)",
        *(strongest if limit else ()),
        "masks = (maps[..., channels] - low[channels]) / (high[channels] - low[channels])",
        "empty, rises = scores(np.zeros_like(x)), []",
        "for start in range(0, len(channels), 16):",
        f"    large = keras.ops.image.resize(masks[..., start : start + 16], {context.size})",
        "    large = np.moveaxis(keras.ops.convert_to_numpy(large), -1, 0)[..., None]",
        "    rises.extend(scores(x * large) - empty)",
        "shares = np.exp(np.array(rises) - max(rises, default=0))",
        "heat = maps[..., channels] @ (shares / shares.sum())",
        _RELU,
    ]


def _smooth_grad(settings: Settings) -> list[str]:
    return [
        f"generator = np.random.default_rng({settings['seed']})",
        f"deviation = np.float32({settings['noise']} / 100 * float(x.max() - x.min()))",
        f"count, total = {settings['samples']}, np.zeros(x.shape[1:])",
        "for start in range(0, count, 8):",
        "    shape = (min(8, count - start), *x.shape[1:])",
        "    noise = generator.standard_normal(shape, np.float32)",
        "    total += gradient(x + deviation * noise, at_image)",
        "heat = np.abs(total / count).max(axis=-1)",
    ]


def _integrated_gradients(settings: Settings, context: AttributionContext) -> list[str]:
    return [
        *_fill(str(settings["baseline"]), context),
        f"count, total = {settings['steps']}, np.zeros(x.shape[1:])",
        "for middle in (np.arange(count) + 0.5) / count:",
        "    # Steps of u with alpha = u squared: networks change fastest where the image is faint.",
        "    faint = empty + np.float32(middle**2) * (x - empty)",
        "    total += 2 * middle / count * gradient(faint, at_image)",
        "heat = ((x - empty)[0] * total).sum(axis=-1)",
    ]


def _occlusion(settings: Settings, context: AttributionContext) -> list[str]:
    (height, rows), (width, columns) = (
        windows(side, float(settings["window"]), float(settings["stride"])) for side in context.size
    )
    return [
        *_fill(str(settings["fill"]), context),
        "whole, falls, covered = scores(x)[0], np.zeros(x.shape[1:3]), np.zeros(x.shape[1:3])",
        f"for top in {rows}:",
        f"    for left in {columns}:",
        f"        window = slice(top, top + {height}), slice(left, left + {width})",
        "        hidden = x.copy()",
        "        hidden[0][window] = empty[0][window]",
        "        falls[window] += whole - scores(hidden)[0]",
        "        covered[window] += 1",
        "heat = falls / covered",
    ]


def _rise(settings: Settings, context: AttributionContext, target: ScoreTarget) -> list[str]:
    grid, share = int(settings["grid"]), float(settings["kept"]) / 100
    cells = [-(-side // grid) for side in context.size]
    enlarged = (grid + 1) * cells[1], (grid + 1) * cells[0]
    return [
        f"generator = np.random.default_rng({settings['seed']})",
        f"count, (height, width), total = {settings['masks']}, x.shape[1:3], 0",
        "for start in range(0, count, 16):",
        "    masks = []",
        "    for number in range(start, min(start + 16, count)):",
        "        # A small grid of zeros and ones, enlarged and shifted.",
        f"        grid = Image.fromarray((generator.random(({grid}, {grid})) < {share}).astype(np.float32))",
        f"        large = np.asarray(grid.resize({enlarged}, Image.Resampling.BILINEAR))",
        f"        top, left = generator.integers(0, {cells[0]}), generator.integers(0, {cells[1]})",
        "        masks.append(large[top : top + height, left : left + width])",
        "    masks = np.stack(masks)",
        f"    seen = {_counted(str(settings['score']), context, target)}",
        "    total = total + np.tensordot(seen, masks, 1)",
        f"heat = total / (count * {share})",
    ]


def _counted(score: str, context: AttributionContext, target: ScoreTarget) -> str:
    """What RISE averages masks by."""
    batch, head = "x * masks[..., None]", context.model.head
    if score == "logit" or not context.model.has_classes:
        return f"scores({batch})"
    if head.kind in ("sigmoid", "logits") or target.minus is not None:
        return f"1 / (1 + np.exp(-scores({batch})))"
    softmax = f"keras.ops.softmax(logits({batch}))"
    return f"keras.ops.convert_to_numpy({softmax}) @ weights"


def _fill(fill: str, context: AttributionContext) -> list[str]:
    """Lines that leave the picture without content in `empty`."""
    if fill == "blurred":
        sigma = max(1.0, min(context.size) / 12)
        return [*_BLURRED.splitlines(), f"empty = prepare(blurred(pixels, {sigma!r}))[None]"]
    if fill == "mean":
        return ["empty = np.broadcast_to(prepare(pixels.mean(axis=(0, 1))), x.shape)"]
    level = {"black": 0.0, "gray": 127.5, "white": 255.0}[fill]
    return [f"empty = prepare(np.full_like(pixels, {level}))[None]"]
