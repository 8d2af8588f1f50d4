"""What to do at random to training images: the settings only; `augment` does it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Literal

from convscope.core.errors import UserError

Fill = Literal["nearest", "reflect", "constant", "wrap"]
FILLS: tuple[Fill, ...] = ("nearest", "reflect", "constant", "wrap")

# The largest sensible value of each setting; a slider's end.
LIMITS: dict[str, float] = {
    "rotation": 180.0,
    "width_shift": 1.0,
    "height_shift": 1.0,
    "shear": 1.0,
    "zoom": 0.9,
    "brightness": 1.0,
    "contrast": 1.0,
    "blur": 5.0,
    "sharpen": 5.0,
    "noise": 1.0,
}


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

    rotation: float = 0.0
    width_shift: float = 0.0
    height_shift: float = 0.0
    shear: float = 0.0
    zoom: float = 0.0
    flip_horizontal: bool = False
    flip_vertical: bool = False
    brightness: float = 0.0
    contrast: float = 0.0
    blur: float = 0.0
    sharpen: float = 0.0
    noise: float = 0.0
    fill: Fill = "nearest"
    fill_value: float = 0.0

    def __post_init__(self) -> None:
        for name, limit in LIMITS.items():
            value = getattr(self, name)
            if not 0 <= value <= limit:
                raise UserError(
                    f"Augmentation: {name.replace('_', ' ')} is {value:g}; it goes from 0 to {limit:g}."
                )
        if self.fill not in FILLS:
            raise UserError(f"There is no fill mode called {self.fill!r}: choose one of {', '.join(FILLS)}.")
        if not 0 <= self.fill_value <= 255:
            raise UserError(f"The fill value is {self.fill_value:g}; it goes from 0 to 255.")

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
    kinds = {field.name: field.type for field in fields(Augmentation)}
    chosen: dict[str, float | bool | str] = {}
    parts = [part for part in (part.strip() for part in text.split(",")) if part]
    preset = PRESETS[parts.pop(0)] if parts and parts[0] in PRESETS else Augmentation()
    for part in parts:
        name, _, value = part.partition("=")
        name = name.strip().replace("-", "_")
        if name not in kinds:
            known = ", ".join([*PRESETS, *kinds])
            raise UserError(f"There is no augmentation called {name!r}: choose among {known}.")
        if name == "fill":
            chosen[name] = value
        elif name.startswith("flip"):
            chosen[name] = value.lower() not in ("0", "no", "false")
        else:
            try:
                chosen[name] = float(value)
            except ValueError:
                raise UserError(
                    f"Augmentation {name} needs a number, as in {name}=0.2, not {value!r}."
                ) from None
    return replace(preset, **chosen)  # type: ignore[arg-type]
