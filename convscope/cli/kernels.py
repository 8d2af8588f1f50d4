"""`convscope kernels`: the kernel presets with their values."""

from __future__ import annotations

import argparse

from convscope.core.errors import UserError
from convscope.core.printable import json_text
from convscope.imaging.kernels import groups
from convscope.imaging.kernels.preset import Preset

SUMMARY = "List the kernel presets: what each does, its parameters, and its weights at their defaults."
EXAMPLE = "convscope kernels --group Blur"
# Wider tables do not fit a terminal; --json has all weights.
_MAX_SHOWN = 9


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the presets as JSON, with all weights")
    parser.add_argument("--group", metavar="G", help=f"only one group: {', '.join(groups())}")


def run(arguments: argparse.Namespace) -> int:
    shown = groups()
    if arguments.group is not None:
        wanted = arguments.group.casefold()
        shown = {name: presets for name, presets in shown.items() if name.casefold().startswith(wanted)}
        if not shown or not wanted:
            raise UserError(f"There is no group {arguments.group!r}: choose one of {', '.join(groups())}.")
    if arguments.json:
        presets = [describe(preset) for group in shown.values() for preset in group]
        print(json_text(presets))
        return 0
    print("\n\n".join(f"{name}\n\n{_listed(presets)}" for name, presets in shown.items()))
    return 0


def describe(preset: Preset) -> dict[str, object]:
    """A preset as JSON holds it; weights and shape are those of the default parameters."""
    kernel = preset.make()
    return {
        "name": preset.key,
        "title": preset.title,
        "group": preset.group,
        "sentence": preset.sentence,
        "parameters": [
            {
                "name": parameter.name,
                "title": parameter.title,
                "unit": parameter.unit,
                "min": parameter.minimum,
                "max": parameter.maximum,
                "default": parameter.default,
            }
            for parameter in preset.parameters
        ],
        "weights": kernel.weights.tolist(),
        "divisor": kernel.divisor,
        "shape": list(kernel.shape),
    }


def _listed(presets: tuple[Preset, ...]) -> str:
    return "\n\n".join(_text(preset) for preset in presets)


def _text(preset: Preset) -> str:
    kernel = preset.make()
    lines = [f"  {preset.key}  ({preset.title})", f"    {preset.sentence}"]
    for parameter in preset.parameters:
        unit = f" {parameter.unit}" if parameter.unit else ""
        special = f", 0 is {parameter.zero}" if parameter.zero else ""
        lines.append(
            f"    {parameter.name}: {parameter.title.lower()}, {parameter.minimum:g} to "
            f"{parameter.maximum:g}{unit}, usually {parameter.default:g}{special}"
        )
    rows, columns = kernel.shape
    if columns <= _MAX_SHOWN:
        cells = [[f"{round(weight, 4):g}" for weight in row] for row in kernel.numerators]
        width = max(len(cell) for row in cells for cell in row)
        lines += ["    " + "  ".join(cell.rjust(width) for cell in row) for row in cells]
        if kernel.divisor != 1:
            lines.append(f"    all divided by {kernel.divisor:g}")
    else:
        lines.append(f"    {rows}×{columns} weights")
    return "\n".join(lines)
