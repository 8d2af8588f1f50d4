"""How a script opens the network and the picture."""

from __future__ import annotations

from convscope.core.errors import UserError
from convscope.core.opening import real_path
from convscope.core.paths import resource_path
from convscope.engine.data.preprocessing import PreparedImage, Preprocessing
from convscope.engine.models.files.keras2.own_parts import own_parts_code
from convscope.engine.models.opened import OpenedModel
from convscope.engine.models.program.precision import is_low_precision
from convscope.imaging.image import Image, NoteKind
from convscope.imaging.io.heif import heif_lines
from convscope.imaging.io.profile import script_lines

# Pictures without a file are written out up to this size.
_LITERAL_VALUES = 64 * 64
_FILES = (".keras", ".h5", ".hdf5")

_SHIPPED = """\
# The network: its layers from JSON, its weights from an archive.
layers = json.loads(Path({json!r}).read_text(encoding="utf-8"))["architecture"]["layers"]
tensors, before = {{}}, None
for spec in layers:
    config, name = spec["config"], spec["name"]
    if spec["kind"] == "InputLayer":
        tensors[name] = keras.Input(config["shape"], name=name)
    else:
        feeds = [tensors[feed] for feed in spec.get("inputs", [before])]
        layer = getattr(keras.layers, spec["kind"])(name=name, **config)
        tensors[name] = layer(feeds if len(feeds) > 1 else feeds[0])
    before = name
model = keras.Model(tensors[layers[0]["name"]], tensors[before])
with np.load({npz!r}) as arrays:
    for layer in model.layers:
        for weight in layer.weights:
            weight.assign(arrays[f"{{layer.name}}/{{weight.name}}"].astype(np.float32))"""

_FLOAT32 = '''


def full(layer):
    """The same layer in full precision; the network computes in half."""
    config = layer.get_config()
    if isinstance(layer, keras.layers.Layer):
        config["dtype"] = "float32"
    return type(layer).from_config(config)


half = model
model = keras.models.clone_model(half, clone_function=full, recursive=True)
model.set_weights([np.asarray(values, np.float32) for values in half.get_weights()])
for layer in model._flatten_layers():
    if isinstance(layer, keras.layers.Normalization):
        layer.finalize_state()'''


class UnsavedError(UserError):
    """A network or a picture that a script could open only if it were saved beside it."""


def beside(name: str) -> str:
    """An expression for a file that lies beside the script."""
    return f"Path(__file__).with_name({name!r})"


def open_model_code(model: OpenedModel, saved: str | None = None) -> str:
    """Lines that leave the network in `model`.

    Args:
        model: the network.
        saved: name of a `.keras` file of it beside the script.

    Raises:
        UserError: Keras alone cannot open it from where it is, and it was not saved.
    """
    source = model.source
    where = None if saved is None else beside(saved)
    half = _FLOAT32 if is_low_precision(model.keras) else ""
    if where is None and source.kind == "shipped":
        files = {kind: str(resource_path("models", f"{source.spec}.{kind}")) for kind in ("json", "npz")}
        return _SHIPPED.format(**files)
    if where is None and source.kind == "application" and source.weights == "ImageNet":
        return f'# The network.\nmodel = keras.applications.{source.spec}(weights="imagenet"){half}'
    if where is None and source.as_is and source.path is not None and source.path.suffix in _FILES:
        where = repr(str(real_path(source.path)))
    if where is None:
        raise UnsavedError(
            f"{model.name} has no file that Keras opens by itself: save the script, and the network is saved "
            f"beside it."
        )
    parts = own_parts_code(model.keras)
    return f"{parts}# The network.\nmodel = keras.saving.load_model({where}, compile=False){half}"


def open_image_code(
    image: Image, prepared: PreparedImage, channels: int, saved: str | None = None
) -> list[str]:
    """Lines that leave the picture at the network's size in `picture` (Pillow).

    Args:
        image: the picture.
        prepared: as the network takes it.
        channels: of the network.
        saved: name of a PNG of it beside the script.

    Raises:
        UserError: it takes more than a short script, and it was not saved.
    """
    mode = "L" if channels == 1 else "RGB"
    path = image.path
    lines = ["# The picture, as the network takes it."]
    if saved is not None:
        lines.append(f"picture = Image.open({beside(saved)})")
    elif path is not None and path.suffix.lower() not in (".npy", ".csv", ".tsv"):
        kinds = image.conversions
        upright = NoteKind.UPRIGHT in kinds
        if NoteKind.HEIC in kinds:
            lines += heif_lines()
        if NoteKind.MORE in kinds or NoteKind.TRANSPARENCY in kinds:
            plain = (NoteKind.UPRIGHT, NoteKind.HEIC)
            others = [note for note, kind in zip(image.notes, kinds, strict=True) if kind not in plain]
            raise UnsavedError(
                f"{image.name} was converted on opening ({'; '.join(others)}), which takes more than a short "
                f"script: save the script, and the picture is saved beside it."
            )
        opened = f"Image.open({str(real_path(path))!r})"
        lines.append(f"picture = {f'ImageOps.exif_transpose({opened})' if upright else opened}")
        if NoteKind.PROFILE in kinds:
            lines += script_lines("L" if image.channels == 1 else "RGB")
        # Gray pictures stay gray until the network's size is reached, as the app does it.
        lines.append(f'picture = picture.convert("{"L" if image.channels == 1 else "RGB"}")')
    elif image.values.size <= _LITERAL_VALUES:
        rows = ",\n    ".join(str(row) for row in image.pixels.tolist())
        lines.append(f"picture = Image.fromarray(np.array([\n    {rows},\n], np.uint8))")
    else:
        raise UnsavedError(
            f"{image.name} has no picture file that a script could open: save the script, and the picture is "
            f"saved beside it."
        )
    if (image.channels == 1) != (mode == "L"):
        lines.append(f'picture = picture.convert("{mode}")')
    return lines + _resize(image, prepared)


def _resize(image: Image, prepared: PreparedImage) -> list[str]:
    height, width = prepared.pixels.shape[:2]
    if (image.width, image.height) == (width, height):
        return []
    left, top, right, bottom = prepared.box
    if prepared.sampling == "bilinear":
        return _resize_bilinear(image, prepared)
    bicubic = "Image.Resampling.BICUBIC"
    if left < 0 or top < 0:
        share = (right - left) / width
        size = max(1, round(image.width / share)), max(1, round(image.height / share))
        corner = (width - size[0]) // 2, (height - size[1]) // 2
        return [
            f"canvas = Image.new(picture.mode, ({width}, {height}))",
            f"canvas.paste(picture.resize({size}, {bicubic}), {corner})",
            "picture = canvas",
        ]
    whole = (left, top, right, bottom) == (0.0, 0.0, float(image.width), float(image.height))
    part = "" if whole else f", box={prepared.box}"
    return [f"picture = picture.resize(({width}, {height}), {bicubic}{part})"]


def _resize_bilinear(image: Image, prepared: PreparedImage) -> list[str]:
    """As the network was trained."""
    height, width = prepared.pixels.shape[:2]
    left, top, right, bottom = prepared.box
    across, down = (right - left) / width, (bottom - top) / height
    high, wide = round(image.height / down), round(image.width / across)
    shrinks = 2 * high < image.height or 2 * wide < image.width
    how = f"cv2.INTER_{'AREA' if shrinks else 'LINEAR'}"
    lines = [
        "import cv2  # it resizes as the training did",
        "",
        f"scaled = cv2.resize(np.asarray(picture), ({wide}, {high}), interpolation={how})",
        "picture = Image.fromarray(scaled)",
    ]
    corner = round(left / across), round(top / down)
    if (wide, high, *corner) != (width, height, 0, 0):
        part = (*corner, corner[0] + width, corner[1] + height)
        lines.append(f"picture = picture.crop({part})")
    return lines


def prepare_code(preprocessing: Preprocessing, channels: int) -> list[str]:
    """Lines that leave the network's input in `x`, float32, 1×H×W×C, and define `prepare`."""
    lines = ["", "", "def prepare(pixels):", '    """Pixels 0-255 in the network\'s range."""']
    lines.append("    values = np.asarray(pixels, np.float32)")
    if preprocessing.order == "bgr" and channels == 3:
        lines.append("    values = values[..., ::-1]")
    scale, offset = (
        f"np.array({list(numbers)}, np.float32)" for numbers in (preprocessing.scale, preprocessing.offset)
    )
    lines += [
        f"    return values * {scale} + {offset}",
        "",
        "",
        f"pixels = np.asarray(picture, np.float32){'[..., None]' if channels == 1 else ''}",
        "x = prepare(pixels)[None]",
    ]
    return lines
