"""`convscope filter`: apply a kernel to an image."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from convscope.cli.outputs import check_output
from convscope.core.errors import UserError
from convscope.core.printable import json_text, printable
from convscope.core.words import times
from convscope.imaging.io.load import load_image
from convscope.imaging.io.save import save_npy, save_png, save_tiff_float
from convscope.imaging.kernels import make
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.kernels.kernel_files import load_kernels, parse_kernel
from convscope.imaging.lab.display import Displayed, show
from convscope.imaging.lab.operation import (
    ACTIVATIONS,
    BORDERS,
    DISPLAY_MODES,
    IDENTITY,
    MODES,
    SHOWN_CHANNELS,
    Operation,
)
from convscope.imaging.lab.size import OutputSize, output_size
from convscope.imaging.lab.stage import Result
from convscope.imaging.lab.stage import run as run_stage
from convscope.imaging.numerals import numeral

SUMMARY = "Apply a kernel to an image: kernel, then bias, activation and pooling."
EXAMPLE = "convscope filter cat.jpg -o edges.png --kernel sobel-x --display abs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("image", metavar="IMAGE", help="a picture, or a matrix as .npy or .csv")
    parser.add_argument(
        "-o", "--output", metavar="OUT", required=True, help="a .png as displayed, or .npy or .tiff, exact"
    )
    kernel = parser.add_mutually_exclusive_group()
    kernel.add_argument(
        "--kernel", metavar="NAME", help="a preset (see convscope kernels), such as gaussian:sigma=2,size=7"
    )
    kernel.add_argument(
        "--kernel-file", metavar="FILE", help=".json, .csv or .npy; three kernels make an RGB filter"
    )
    kernel.add_argument("--kernel-values", metavar="VALUES", help='such as "0 -1 0; -1 5 -1; 0 -1 0"')
    parser.add_argument(
        "--divisor", type=float, metavar="F", help="divide all weights by F, as in 1/9 of a table of ones"
    )
    parser.add_argument(
        "--mode", choices=MODES, default="correlate", help="convolve flips the kernel (default %(default)s)"
    )
    parser.add_argument(
        "--border",
        choices=BORDERS,
        default="zero",
        help="same: Keras's, zeros for ⌈size/stride⌉ outputs; zero: half of K − 1 zeros on each side, "
        "whatever the stride; full: K − 1 on each side (default %(default)s)",
    )
    parser.add_argument("--stride", type=int, default=1, metavar="N", help="1–8 (default %(default)s)")
    parser.add_argument("--dilation", type=int, default=1, metavar="N", help="1–8 (default %(default)s)")
    parser.add_argument("--bias", type=float, default=0.0, metavar="F", help="default 0")
    parser.add_argument("--activation", choices=ACTIVATIONS, default="none", help="default %(default)s")
    parser.add_argument("--pool", choices=("max", "avg"), help="pool afterwards (default: no pooling)")
    parser.add_argument(
        "--pool-size", type=int, default=2, metavar="N", help="side of a tile (default %(default)s)"
    )
    parser.add_argument("--pool-stride", type=int, metavar="N", help="default: the tile's side")
    parser.add_argument("--gray", action="store_true", help="filter the luma, not each colour channel")
    parser.add_argument(
        "--display", choices=DISPLAY_MODES, default="clip", help="how OUT shows values (default %(default)s)"
    )
    parser.add_argument(
        "--channel",
        choices=SHOWN_CHANNELS,
        default="all",
        help="which channel OUT shows (default %(default)s)",
    )
    parser.add_argument("--npy", metavar="FILE", help="also save the exact float32 result")
    parser.add_argument("--json", action="store_true", help="print the facts as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Filter, save, and print one line."""
    source, output = Path(arguments.image), Path(arguments.output)
    ending = output.suffix.lower()
    if ending not in (".png", ".npy", ".tif", ".tiff"):
        raise UserError(f"{output} ends in {ending or 'nothing'}: use .png, .npy or .tiff.")
    inputs = (source,) if arguments.kernel_file is None else (source, arguments.kernel_file)
    check_output(output, (ending,), *inputs)
    check_output(arguments.npy, (".npy",), *inputs)
    operation = _operation(arguments)
    image = load_image(source)
    size = output_size(operation, image.values.shape)
    result = run_stage(image, operation)
    shown = show(result, arguments.display, channel=arguments.channel)
    if ending == ".png":
        save_png(output, shown.pixels)
    elif ending == ".npy":
        save_npy(output, result.values)
    else:
        save_tiff_float(output, result.values)
    if arguments.npy is not None:
        save_npy(arguments.npy, result.values)
    for note in image.notes:
        print(note, file=sys.stderr)
    if arguments.json:
        print(json_text(_facts(arguments, result, size, shown)))
    else:
        print(_line(arguments, result, size))
    return 0


def parse_preset(text: str) -> Kernel:
    """A preset by name, with parameters after a colon: "gaussian:sigma=2,size=7".

    Raises:
        UserError: no such preset or parameter, or no number.
    """
    name, _, settings = text.partition(":")
    values: dict[str, float] = {}
    for setting in filter(None, settings.split(",")):
        key, equals, number = setting.partition("=")
        try:
            if not equals:
                raise ValueError
            values[key.strip()] = float(number)
        except ValueError:
            raise UserError(
                f"{setting!r} is no parameter: write them as name=number, such as {name}:sigma=2."
            ) from None
    return make(name.strip(), **values)


def _operation(arguments: argparse.Namespace) -> Operation:
    kernels: tuple[Kernel, ...] = (IDENTITY,)
    if arguments.kernel is not None:
        kernels = (parse_preset(arguments.kernel),)
    elif arguments.kernel_file is not None:
        kernels = load_kernels(arguments.kernel_file)
    elif arguments.kernel_values is not None:
        kernels = (parse_kernel(arguments.kernel_values),)
    if arguments.divisor is not None:
        kernels = tuple(kernel.over(arguments.divisor * kernel.divisor) for kernel in kernels)
    if arguments.gray and len(kernels) == 3:
        raise UserError(
            f"{arguments.kernel_file} holds an RGB filter, which needs the colours: leave out --gray."
        )
    return Operation(
        kernels=kernels,
        mode=arguments.mode,
        border=arguments.border,
        stride=arguments.stride,
        dilation=arguments.dilation,
        bias=arguments.bias,
        channels="filter" if len(kernels) == 3 else "gray" if arguments.gray else "each",
        activation=arguments.activation,
        pool=arguments.pool or "none",
        pool_size=arguments.pool_size,
        pool_stride=arguments.pool_size if arguments.pool_stride is None else arguments.pool_stride,
    )


def _line(arguments: argparse.Namespace, result: Result, size: OutputSize) -> str:
    formula = "; ".join(size.text.splitlines())
    numbers = (f"{name} {numeral(value)}" for name, value in _numbers(result).items())
    return (
        f"{printable(arguments.output)}: {_dimensions(result.source.values.shape)} → "
        f"{_dimensions(result.shape)}; {formula}; {', '.join(numbers)}"
    )


def _facts(
    arguments: argparse.Namespace, result: Result, size: OutputSize, shown: Displayed
) -> dict[str, object]:
    operation = result.operation
    return {
        "image": arguments.image,
        "output": arguments.output,
        "npy": arguments.npy,
        "notes": list(result.source.notes),
        "input_shape": list(result.source.values.shape),
        "output_shape": list(result.shape),
        "size": {"width": size.width.text.splitlines(), "height": size.height.text.splitlines()},
        **_numbers(result),
        "display": {
            "mode": arguments.display,
            "channel": arguments.channel,
            "low": shown.low,
            "high": shown.high,
        },
        "kernels": [
            {"name": kernel.name, "weights": kernel.weights.tolist(), "divisor": kernel.divisor}
            for kernel in operation.kernels
        ],
        "mode": operation.mode,
        "border": operation.border,
        "stride": operation.stride,
        "dilation": operation.dilation,
        "bias": operation.bias,
        "channels": operation.channels,
        "activation": operation.activation,
        "pool": operation.pool,
    }


def _numbers(result: Result) -> dict[str, float]:
    return {"minimum": result.minimum, "maximum": result.maximum, "mean": result.mean}


def _dimensions(shape: tuple[int, ...]) -> str:
    return times(shape)
