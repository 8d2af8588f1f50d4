"""The command line: every capability without a display; with no command, the window.

A subcommand is one module of this package with `SUMMARY`, `EXAMPLE`, `add_arguments(parser)` and
`run(arguments) -> int`, and one line in `COMMANDS`. Its module is imported only when it is called, so that
`convscope kernels` starts without Qt and without TensorFlow.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from convscope import __version__
from convscope.cli.streams import plain_streams
from convscope.core.errors import UserError
from convscope.core.printable import one_line
from convscope.core.task import Cancelled
from convscope.engine.keras_compat import cannot_run, no_kernel

COMMANDS: dict[str, str] = {
    "filter": "apply a kernel to an image",
    "kernels": "list the kernel presets with their values",
    "models": "list the models that can be opened by a name",
    "data": "list the data sets that have a name, or download one",
    "summary": "a model's layers: shapes, parameters with the sum, work, receptive fields",
    "predict": "what a model says about an image",
    "export": "write a copy of a model for others: Keras, SavedModel, ONNX, LiteRT, with a parity card",
    "train": "train a model on a data set into a run folder, or resume one",
    "runs": "the training runs that there are",
    "evaluate": "how good a run's or any model is on a data set",
    "maps": "a layer's feature maps for an image: a grid and the raw numbers",
    "network": "a network as a figure for papers and slides: SVG, PDF, PNG or TikZ",
    "patterns": "the images that excite filters or classes most",
    "explain": "lay over an image what in it spoke for a class: Grad-CAM and fourteen other methods",
    "mute": "what a network says when some maps are off: classes before and after, and the change",
    "screenshot": "save a picture of a panel with real content",
    "doctor": "check this machine: Python, Qt, TensorFlow, libraries, folders",
}


class _Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one sentence."""

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message} (see {self.prog} --help)")


def main(argv: Sequence[str] | None = None) -> int:
    """Run convscope. Returns the exit code: 0 done, 2 a usage or input error, 130 interrupted."""
    with plain_streams():
        return _main(list(sys.argv[1:] if argv is None else argv))


def _main(words: list[str]) -> int:
    # A folder called "data" is opened by its name, as it always was.
    folder = words == ["data"] and Path("data").exists()
    if words and words[0] in COMMANDS and not folder:
        name, words = words[0], words[1:]
    elif words and words[0] in ("-h", "--help", "--version"):
        return _about(words[0])
    else:
        name = "window"
    try:
        code = _run(name, words)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except UserError as error:
        print(f"convscope: {error.message}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # The reader (head, less) has seen enough; that is no error of ours.
        _drop_output()
        return 0
    except OSError as error:
        if error.filename is not None:
            name = one_line(str(error.filename))
            print(f"convscope: {name} cannot be used: {error.strerror}.", file=sys.stderr)
            return 2
        _drop_output()
        print(f"convscope: the output cannot be written: {error.strerror or error}.", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, Cancelled):
        print("convscope: interrupted", file=sys.stderr)
        return 130
    except Exception as error:
        if not cannot_run(error):
            raise
        print(f"convscope: {no_kernel('The network', error).message}", file=sys.stderr)
        return 2


def _run(name: str, words: Sequence[str]) -> int:
    module = importlib.import_module(f"convscope.cli.{name}")
    parser = _Parser(
        prog="convscope" if name == "window" else f"convscope {name}",
        description=module.SUMMARY,
        epilog=f"example: {module.EXAMPLE}",
    )
    module.add_arguments(parser)
    return int(module.run(parser.parse_args(_joined(words))))


def _joined(words: Sequence[str]) -> list[str]:
    """A range that begins with a minus is a value, which argparse would take for an option."""
    joined: list[str] = []
    for word in words:
        if word.startswith("-") and ".." in word and joined[-1:] == ["--pixels"]:
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def _drop_output() -> None:
    """What is still to be written goes nowhere: at its end Python would try once more, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _about(word: str) -> int:
    if word == "--version":
        print(f"convscope {__version__}")
        return 0
    print("usage: convscope [PATH…]            open the window (an image, a model, a folder)")
    print("       convscope COMMAND …           do one thing without a window")
    print("       convscope COMMAND --help      its options, with an example")
    print("       convscope --version\n\ncommands:")
    for name, text in COMMANDS.items():
        print(f"  {name:<12}{text}")
    print("\nexample: convscope predict imagenet photo.jpg")
    return 0
