"""The command line: every capability without a display; with no command, the window.

A subcommand is one module of this package with `SUMMARY`, `EXAMPLE`, `add_arguments(parser)` and
`run(arguments) -> int`, and one line in `COMMANDS`. Its module is imported only when it is called, so that
`convscope kernels` starts without Qt and without TensorFlow.
"""

from __future__ import annotations

import argparse
import importlib
import io
import sys
from collections.abc import Sequence

from convscope import __version__
from convscope.errors import UserError

COMMANDS: dict[str, str] = {
    "filter": "apply a kernel to an image",
    "kernels": "list the kernel presets with their values",
    "models": "list the models that can be opened by a name",
    "summary": "a model's layers: shapes, parameters with the sum, work, receptive fields",
    "predict": "what a model says about an image",
    "train": "train a model on a data set into a run folder, or resume one",
    "evaluate": "how good a run's or any model is on a data set",
    "maps": "a layer's feature maps for an image: a grid and the raw numbers",
    "patterns": "the images that excite filters or classes most",
    "explain": "lay over an image what in it spoke for a class: Grad-CAM and fourteen other methods",
    "screenshot": "save a picture of a panel with real content",
    "doctor": "check this machine: Python, Qt, TensorFlow, libraries, folders",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run convscope. Returns the exit code: 0 done, 2 a usage or input error, 130 interrupted."""
    words = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        # A terminal without Unicode gets question marks instead of a traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    if words and words[0] in COMMANDS:
        name, words = words[0], words[1:]
    elif words and words[0] in ("-h", "--help", "--version"):
        return _about(words[0])
    else:
        name = "window"
    module = importlib.import_module(f"convscope.cli.{name}")
    parser = argparse.ArgumentParser(
        prog="convscope" if name == "window" else f"convscope {name}",
        description=module.SUMMARY,
        epilog=f"example: {module.EXAMPLE}",
    )
    module.add_arguments(parser)
    try:
        return int(module.run(parser.parse_args(words)))
    except UserError as error:
        print(f"convscope: {error.message}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # The reader (head, less) has seen enough; that is no error of ours.
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        print("convscope: interrupted", file=sys.stderr)
        return 130


def _about(word: str) -> int:
    if word == "--version":
        print(f"convscope {__version__}")
        return 0
    print("usage: convscope [PATH…]            open the window (an image, a model, a folder)")
    print("       convscope COMMAND --help\n\ncommands:")
    for name, text in COMMANDS.items():
        print(f"  {name:<12}{text}")
    return 0
