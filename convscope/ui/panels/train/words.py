"""Words of a training, without Qt: what a run is called, what images are brought to, what is done to them."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from convscope.core.errors import UserError
from convscope.core.words import percent

if TYPE_CHECKING:
    from convscope.engine.data.augmentation import Augmentation
    from convscope.engine.data.dataset import Dataset
    from convscope.engine.data.resize import InputSettings
    from convscope.engine.models.opened import OpenedModel
    from convscope.engine.training.settings import TrainingSettings

# Where a new classifier has learned alone and the base begins to learn with it.
UNFROZEN = "base unfrozen"
_LONGEST = 2


def next_name(
    stem: str, settings: TrainingSettings, last: tuple[str, TrainingSettings] | None, used: Collection[str]
) -> str:
    """A name that is not used yet.

    Args:
        stem: "mnist-small on Digits".
        settings: of the run to be named.
        last: name and settings of the run before it; what differs is told, if it is little.
        used: names that are taken.
    """
    name = stem
    if last is not None and last[0].startswith(stem):
        changed = differences(last[1], settings)
        if 0 < len(changed) <= _LONGEST:
            name = f"{stem} · {', '.join(changed)}"
    number, free = 2, name
    while free in used:
        free, number = f"{name} · {number}", number + 1
    return free


def differences(before: TrainingSettings, after: TrainingSettings) -> list[str]:
    """What was changed, in words: ["learning rate 0.01", "batch size 32"]."""
    old, new = _flat(_used(before)), _flat(_used(after))
    found = []
    for key, value in new.items():
        # How the data is split is told with the data.
        if old.get(key) != value and not key.startswith("split"):
            word = key.split(".")[-1].replace("_", " ")
            owner = key.split(".")[0].replace("_", " ")
            found.append(_words(owner if word in ("name", "kind") else word, value))
    return found


def _used(settings: TrainingSettings) -> dict[str, Any]:
    """The settings without those that the schedule does not look at."""
    data = settings.to_dict()
    kind = settings.schedule.kind
    unused = {"step": (), "constant": ("every", "factor")}.get(kind, ("every",))
    data["schedule"] = {key: value for key, value in data["schedule"].items() if key not in unused}
    return data


def _words(word: str, value: Any) -> str:
    if isinstance(value, bool):
        return word if value else f"no {word}"
    if value is None or value == ():
        return f"no {word}"
    if isinstance(value, tuple | list):
        return f"{word} {'×'.join(map(str, value))}"
    return f"{word} {value:g}" if isinstance(value, float) else f"{word} {value}"


def _flat(data: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    rows: dict[str, Any] = {}
    for key, value in data.items():
        if isinstance(value, dict):
            rows.update(_flat(value, f"{prefix}{key}."))
        else:
            rows[prefix + key] = value
    return rows


_COLOURS = {None: "", 1: ", gray", 3: ", RGB"}
_FITS = {"stretch": "stretched", "crop": "cropped", "pad": "padded"}
_AMOUNTS = (
    ("rotation", "rotation ±{}°", "{:g}".format),
    ("width_shift", "shift ±{} across", percent),
    ("height_shift", "shift ±{} up and down", percent),
    ("shear", "shear {}", "{:g}".format),
    ("zoom", "zoom ±{}", percent),
    ("brightness", "brightness ±{}", percent),
    ("contrast", "contrast ±{}", percent),
    ("blur", "blur {}", "{:g}".format),
    ("sharpen", "sharpen {}", "{:g}".format),
    ("noise", "noise {}", percent),
)


def input_words(given: InputSettings, data: Dataset | None, model: OpenedModel | None) -> str:
    """What images are brought to, in one line."""
    own = data.image_size if data is not None else None
    if given.size is not None:
        words = "{} × {}".format(*given.size)
    elif data is not None and own is None and (wanted := _wanted_size(model)) is not None:
        words = "{} × {}, as the network takes".format(*wanted)
    else:
        return "As the images are" + _COLOURS[given.channels]
    fit = "" if own is not None and given.size == own else f", {_FITS[given.fit]}"
    return words + fit + _COLOURS[given.channels]


def used_words(used: InputSettings, data: Dataset | None) -> str:
    """What a run really brings its images to."""
    own = data.image_size if data is not None else None
    if used.size is None:
        return "As the images are" + _COLOURS[used.channels]
    fit = "" if used.size == own else f", {_FITS[used.fit]}"
    return "{} × {}".format(*used.size) + fit + _COLOURS[used.channels]


def base_words(given: InputSettings, data: Dataset | None, base: OpenedModel) -> str:
    """The same for a new classifier on a base, which tells the size where it takes one only."""
    from convscope.engine.data.resize import InputSettings

    try:
        channels = base.input_shape[2]
    except UserError:
        return "As the images are"
    wanted = _wanted_size(base)
    size = wanted or given.size or (data.image_size if data is not None else None)
    words = used_words(InputSettings(size, 1 if channels == 1 else 3, given.fit), data)
    return words if wanted is None else words.replace(",", ", as the network takes,", 1)


def _wanted_size(model: OpenedModel | None) -> tuple[int, int] | None:
    """The one size that a network takes, if there is one."""
    if model is None:
        return None
    try:
        height, width, _channels = model.input_shape
    except UserError:
        return None
    return (height, width) if height and width else None


def augmentation_words(augmentation: Augmentation | None) -> str:
    """What is done to training images, in one line."""
    if augmentation is None:
        return "None"
    words = [
        text.format(written(getattr(augmentation, name)))
        for name, text, written in _AMOUNTS
        if getattr(augmentation, name)
    ]
    if augmentation.flip_horizontal or augmentation.flip_vertical:
        words.append("flips")
    return ", ".join(words)
