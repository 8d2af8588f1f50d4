"""The image that everything works on: an array, and where it came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from convscope.core.errors import UserError
from convscope.core.ids import new_id
from convscope.core.printable import printable


class NoteKind(Enum):
    """What a script that opens the same file has to do about a conversion."""

    UPRIGHT = "turn it as the camera noted"
    TRANSPARENCY = "lay it over white"
    PROFILE = "convert its colours to sRGB"
    HEIC = "open it with pillow-heif"
    NOTHING = "what Pillow does as well when it opens the file"
    MORE = "more than a short script can"


class Note(str):
    """A sentence on what was converted, with what that means for a script."""

    __slots__ = ("kind",)
    kind: NoteKind

    def __new__(cls, sentence: str, kind: NoteKind) -> Note:
        note = super().__new__(cls, sentence)
        note.kind = kind
        return note

    def __getnewargs__(self) -> tuple[str, NoteKind]:  # type: ignore[override]
        """For copies and pickles."""
        return (str(self), self.kind)


UPRIGHT = Note("turned upright, as the camera noted", NoteKind.UPRIGHT)
OVER_WHITE = Note("transparency laid over white", NoteKind.TRANSPARENCY)


@dataclass(frozen=True, eq=False)
class Image:
    """One picture or typed matrix, never changed after it is made.

    Attributes:
        values: uint8 (0–255) or float32, shape H×W (gray) or H×W×3 (RGB), contiguous, read-only.
        name: what a person calls it, printable; the file's name as a rule.
        path: the file it came from, or None (drawn, pasted, typed, camera).
        notes: what was converted on opening, one short sentence each ("transparency laid over white"); a
            `Note` where a script can do the same.
        id: of the thing that is open: a camera's frames and a drawing's strokes are pictures of one id.
    """

    values: NDArray[np.uint8] | NDArray[np.float32]
    name: str
    path: Path | None = None
    notes: tuple[str, ...] = ()
    id: str = field(default_factory=new_id)

    def __post_init__(self) -> None:
        values: NDArray[Any] = self.values
        object.__setattr__(self, "name", printable(self.name))
        if values.ndim not in (2, 3) or (values.ndim == 3 and values.shape[2] != 3) or 0 in values.shape:
            raise UserError(
                f"{self.name}: an image is height × width or height × width × 3, not {values.shape}."
            )
        if values.dtype not in (np.uint8, np.float32):
            values = values.astype(np.float32)
            values.flags.writeable = False
        # A read-only contiguous array is not copied; a caller's writable one is, once.
        if values.flags.writeable or not values.flags.c_contiguous:
            values = np.array(values, order="C")
            values.flags.writeable = False
        object.__setattr__(self, "values", values)

    @property
    def conversions(self) -> tuple[NoteKind, ...]:
        """What the notes mean for a script."""
        return tuple(note.kind if isinstance(note, Note) else NoteKind.MORE for note in self.notes)

    @property
    def height(self) -> int:
        return int(self.values.shape[0])

    @property
    def width(self) -> int:
        return int(self.values.shape[1])

    @property
    def channels(self) -> int:
        """1 (gray) or 3 (RGB)."""
        return 1 if self.values.ndim == 2 else 3

    @cached_property
    def pixels(self) -> NDArray[np.uint8]:
        """The picture as a screen shows it: uint8, H×W or H×W×3; float values rounded and clipped."""
        if self.values.dtype == np.uint8:
            return self.values  # type: ignore[return-value]
        pixels = np.clip(np.rint(self.values), 0, 255).astype(np.uint8)
        pixels.flags.writeable = False
        return pixels

    @cached_property
    def gray(self) -> Image:
        """The same image with one channel: ITU-R 601 luma, exactly as Pillow's `convert("L")` rounds it."""
        if self.channels == 1:
            return self
        if self.values.dtype == np.uint8:
            luma = np.asarray(PillowImage.fromarray(np.asarray(self.values)).convert("L"))
        else:
            luma = self.values @ np.array([0.299, 0.587, 0.114], np.float32)
        return Image(luma, self.name, self.path, self.notes)
