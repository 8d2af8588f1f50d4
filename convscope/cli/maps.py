"""`convscope maps`: a layer's feature maps for an image, as a grid and as numbers."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from convscope.cli.model_arguments import (
    add_answer_arguments,
    add_model_arguments,
    check_layer,
    layer_of,
    opened,
)
from convscope.cli.outputs import check_output
from convscope.core.errors import UserError
from convscope.core.printable import json_text, printable
from convscope.core.words import counted
from convscope.engine.interpret.activations.normalise import NORMALISATIONS
from convscope.engine.interpret.activations.outputs import MARK
from convscope.imaging.colormaps import COLORMAPS

if TYPE_CHECKING:
    from convscope.engine.interpret.activations.layer_maps import LayerMaps

SUMMARY = "All feature maps of a layer for an image: a grid as PNG, and the raw numbers."
EXAMPLE = "convscope maps digits digit.png --layer conv2d_1 -o grid.png --npy maps.npy"

_CELL = 8
_LISTED = 16


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The model, the image, the layer, how to show it, and where to write."""
    add_model_arguments(parser)
    add_answer_arguments(parser, file="the grid, a PNG file", read=False)
    parser.add_argument("image", metavar="IMAGE", type=Path, help="a picture")
    parser.add_argument(
        "--layer",
        metavar="PATH",
        help="a layer's path as convscope summary lists it; PATH#2 is its second output",
    )
    parser.add_argument("--npy", metavar="FILE", type=Path, help="the raw maps, float32 H×W×C (a vector: C)")
    parser.add_argument(
        "--normalise",
        choices=NORMALISATIONS,
        default="lectures",
        help="lectures: each map centred, over its deviation, ×64 + 128 (default); map and layer: from the"
        " smallest to the largest value of each, or of all; none: 0 to 1 as they are",
    )
    parser.add_argument("--colormap", choices=COLORMAPS, default="viridis", help="default viridis")
    parser.add_argument("--columns", type=int, default=16, metavar="N", help="maps in a row (default 16)")
    parser.add_argument("--json", action="store_true", help="what was written as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Write the files and say what was written."""
    from convscope.imaging.io.load import load_image

    if (arguments.layer is None) == (arguments.head is None):
        raise UserError("Say which maps: --layer PATH, or --head NAME for those that the network puts out.")
    if arguments.output is None and arguments.npy is None:
        raise UserError("Say where to write: -o grid.png, --npy maps.npy, or both.")
    if not 1 <= arguments.columns <= 256:
        raise UserError(f"--columns is the number of maps in a row, 1 to 256, not {arguments.columns}.")
    check_output(arguments.output, (".png",), arguments.image, arguments.model)
    check_output(arguments.npy, (".npy",), arguments.image, arguments.model)
    # A missing picture is said before seconds are spent on the model.
    image = load_image(arguments.image)
    model = opened(arguments)
    if arguments.head is not None:
        arguments.layer = layer_of(model, arguments.head)

    from convscope.engine.interpret.activations.activations import look
    from convscope.engine.interpret.activations.layer_maps import layer_maps
    from convscope.imaging.io.save import save_npy, save_png

    if arguments.layer.rpartition(MARK)[0] not in model.program.slots:
        check_layer(model, arguments.layer)
    found = look(model, image)
    maps = layer_maps(found, arguments.layer)
    if arguments.npy is not None:
        save_npy(arguments.npy, found.value(arguments.layer))
    if arguments.output is not None:
        save_png(arguments.output, _grid(maps, arguments))
    for note in (*image.notes, *model.assumption):
        print(note, file=sys.stderr)
    _tell(maps, found.shape(arguments.layer), arguments)
    return 0


def _tell(maps: LayerMaps, shape: Sequence[int], arguments: argparse.Namespace) -> None:
    if arguments.json:
        facts = {
            "layer": arguments.layer,
            "shape": list(shape),
            "blank": maps.blank_count if maps.form == "maps" else None,
            "output": None if arguments.output is None else str(arguments.output),
            "npy": None if arguments.npy is None else str(arguments.npy),
        }
        print(json_text(facts))
        return
    if arguments.npy is not None:
        print(f"{printable(arguments.npy)}: {'×'.join(map(str, shape))}, float32")
    if arguments.output is not None:
        blank = f", {_blank(maps)}" if maps.form == "maps" else ""
        broken = int(maps.statistics.broken.sum())
        blank += f", {broken} with values that are no numbers" if broken else ""
        what = {
            "values": counted(maps.count, "number"),
            "table": f"a table of {maps.height}×{maps.width}",
            "maps": f"{maps.count} maps of {maps.height}×{maps.width}",
        }[maps.form]
        print(f"{printable(arguments.output)}: {what}{blank}")


def _blank(maps: LayerMaps) -> str:
    """How many maps are blank, and which."""
    which = [str(channel) for channel in maps.blank.nonzero()[0]]
    listed = f" ({', '.join(which[:_LISTED])}{', …' if len(which) > _LISTED else ''})" if which else ""
    return f"{len(which)} blank{listed}"


def _grid(maps: LayerMaps, arguments: argparse.Namespace) -> NDArray[np.uint8]:
    from convscope.engine.interpret.activations.normalise import to_levels
    from convscope.imaging.colormaps import apply_colormap
    from convscope.imaging.mosaic import mosaic

    levels = to_levels([maps], arguments.normalise, signed=arguments.colormap == "diverging")[0].levels
    if maps.form == "values":
        # A number is a cell large enough to be seen.
        levels = np.repeat(np.repeat(levels, _CELL, axis=1), _CELL, axis=2)
    grid, _layout = mosaic(levels, arguments.columns)
    return apply_colormap(grid, arguments.colormap)
