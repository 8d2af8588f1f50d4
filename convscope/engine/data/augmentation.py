"""What to do at random to training images: the settings only; `augment` does it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from convscope.core.errors import UserError
from convscope.core.parameter import check_record, parameters_of, setting

Fill = Literal["nearest", "reflect", "constant", "wrap"]

_FILLS = (
    ("nearest", "The nearest pixel"),
    ("reflect", "The mirror image"),
    ("constant", "A constant"),
    ("wrap", "The opposite side"),
)


def _up_to(maximum: float, step: float, title: str, about: str, unit: str = "") -> Any:
    return setting(0.0, title, minimum=0.0, maximum=maximum, step=step, unit=unit, about=about)


@dataclass(frozen=True)
class Augmentation:
    """Random changes, drawn anew for every image of every epoch; all zero changes nothing.

    Attributes:
        rotation: up to ± this many degrees, about the centre.
        width_shift, height_shift: up to ± this share of the width, of the height.
        shear: up to ± this many pixels to the side for each pixel down.
        zoom: both sides, each on its own, by a factor from 1 − zoom to 1 + zoom.
        flip_horizontal, flip_vertical: mirrored in half of the cases.
        brightness: up to ± this share of the full range is added.
        contrast: distances from the image's mean times a factor from 1 − contrast to 1 + contrast.
        blur: a Gaussian with a standard deviation from 0 to this many pixels.
        sharpen: up to this much of the difference to the blurred image (σ = 1) is added.
        noise: Gaussian, with a standard deviation from 0 to this share of the full range.
        fill: what comes in from outside: the nearest pixel, the mirror image, a constant, the opposite side.
        fill_value: that constant, 0–255.
    """

    rotation: float = _up_to(
        180.0, 1.0, "Rotation", "Turned about the centre by up to ± this many degrees", "°"
    )
    width_shift: float = _up_to(1.0, 0.01, "Width shift", "Moved sideways by up to ± this share of the width")
    height_shift: float = _up_to(
        1.0, 0.01, "Height shift", "Moved up or down by up to ± this share of the height"
    )
    shear: float = _up_to(
        1.0, 0.01, "Shear", "Slanted by up to ± this many pixels sideways for each pixel down"
    )
    zoom: float = _up_to(0.9, 0.01, "Zoom", "Each side by a factor from 1 − this to 1 + this")
    flip_horizontal: bool = setting(False, "Left–right", said="flip", about="Mirrored in half of the cases")
    flip_vertical: bool = setting(False, "Upside down", said="flip", about="Mirrored in half of the cases")
    brightness: float = _up_to(1.0, 0.01, "Brightness", "Up to ± this share of the full range is added")
    contrast: float = _up_to(
        1.0, 0.01, "Contrast", "Distances from the mean by a factor from 1 − this to 1 + this"
    )
    blur: float = _up_to(
        5.0, 0.1, "Blur", "A Gaussian with a standard deviation from 0 to this many pixels", "px"
    )
    sharpen: float = _up_to(
        5.0, 0.1, "Sharpen", "Up to this much of the difference to the blurred image is added"
    )
    noise: float = _up_to(
        1.0, 0.01, "Noise", "Gaussian, with a standard deviation from 0 to this share of the range"
    )
    fill: Fill = setting(
        "nearest", "Outside", choices=_FILLS, said="fill mode", about="What comes in from outside"
    )
    fill_value: float = setting(
        0.0,
        "Constant",
        minimum=0.0,
        maximum=255.0,
        step=1,
        said="fill value",
        about="The constant that comes in, 0–255",
    )

    def __post_init__(self) -> None:
        check_record(self)

    @property
    def moves(self) -> bool:
        """Whether pixels change places."""
        return bool(self.rotation or self.width_shift or self.height_shift or self.shear or self.zoom) or (
            self.flip_horizontal or self.flip_vertical
        )

    @property
    def does_nothing(self) -> bool:
        """Whether every image stays as it is."""
        return not self.moves and not any(
            (self.brightness, self.contrast, self.blur, self.sharpen, self.noise)
        )


# What a slider sets, with its largest sensible value.
LIMITS: dict[str, float] = {
    name: one.maximum
    for name, one in parameters_of(Augmentation).items()
    if one.kind == "real" and name != "fill_value"
}

# The lectures' own: ±40°, shifts, shear and zoom of 0.2, mirrored, the nearest pixel from outside.
LECTURE = Augmentation(40.0, 0.2, 0.2, 0.2, 0.2, True)
MILD = Augmentation(rotation=10.0, width_shift=0.08, height_shift=0.08, zoom=0.08, fill="constant")
PRESETS: dict[str, Augmentation] = {"none": Augmentation(), "mild": MILD, "lecture": LECTURE}


def parse_augmentation(text: str) -> Augmentation:
    """An augmentation from words: "lecture", "rotation=40,zoom=0.2,flip_horizontal", "mild,rotation=40".

    A preset comes first; what comes after it changes it.

    Raises:
        UserError: an unknown word or a value that is no number.
    """
    kinds = parameters_of(Augmentation)
    chosen: dict[str, float | bool | str] = {}
    parts = [part for part in (part.strip() for part in text.split(",")) if part]
    preset = PRESETS[parts.pop(0)] if parts and parts[0] in PRESETS else Augmentation()
    for part in parts:
        name, _, value = part.partition("=")
        name = name.strip().replace("-", "_")
        if name not in kinds:
            known = ", ".join([*PRESETS, *kinds])
            raise UserError(f"There is no augmentation called {name!r}: choose among {known}.")
        if kinds[name].kind == "choice":
            chosen[name] = value
        elif kinds[name].kind == "flag":
            chosen[name] = value.lower() not in ("0", "no", "false")
        else:
            try:
                chosen[name] = float(value)
            except ValueError:
                raise UserError(
                    f"Augmentation {name} needs a number, as in {name}=0.2, not {value!r}."
                ) from None
    return replace(preset, **chosen)  # type: ignore[arg-type]
