"""What could do harm is opened on the command line by --trust alone, whatever the command."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from convscope.cli import main
from convscope.core.errors import UntrustedError

# With what each needs besides the model; the last opens a data set first.
COMMANDS = {
    "summary": ["MODEL"],
    "predict": ["MODEL", "x.png"],
    "maps": ["MODEL", "x.png", "--layer", "a", "-o", "maps.png"],
    "network": ["MODEL", "-o", "net.svg"],
    "explain": ["MODEL", "x.png"],
    "mute": ["MODEL", "x.png", "--layer", "a"],
    "patterns": ["MODEL", "--layer", "a", "-o", "patterns.png"],
    "export": ["MODEL", "-o", "m.onnx"],
    "evaluate": ["MODEL"],
    "train": ["--model", "MODEL"],
    "screenshot": ["--model", "MODEL", "-o", "x.png"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_that_opens_models_has_it(command: str) -> None:
    module = importlib.import_module(f"convscope.cli.{command}")
    parser = argparse.ArgumentParser(prog=command)
    module.add_arguments(parser)
    assert parser.parse_args(COMMANDS[command]).trust is False
    assert parser.parse_args([*COMMANDS[command], "--trust"]).trust is True


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether what was opened was said to be trusted; nothing is really opened."""
    told: list[bool] = []

    def opens(spec: object, *, trusted: bool = False, **_more: Any) -> None:
        told.append(trusted)
        raise UntrustedError("saved is not opened: a SavedModel is a program.", Path(str(spec)))

    for module in ("convscope.cli.model_arguments", "convscope.engine.models.library.catalogue"):
        monkeypatch.setattr(f"{module}.open_model", opens)
    monkeypatch.setattr("convscope.engine.runtime.start", lambda: None)
    return told


@pytest.mark.parametrize(
    "words", [["summary"], ["predict", "x.png"], ["evaluate", "--data", "digits"]], ids=lambda words: words[0]
)
def test_it_is_said_to_whoever_opens(
    words: list[str],
    asked: list[bool],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command, *more = words
    cv2.imwrite(str(tmp_path / "x.png"), np.zeros((8, 8, 3), np.uint8))
    monkeypatch.chdir(tmp_path)
    for trust in ([], ["--trust"]):
        assert main([command, str(tmp_path), *more, *trust]) == 2
    assert asked == [False, True]
    assert "saved is not opened: a SavedModel is a program." in capsys.readouterr().err


@pytest.mark.parametrize("side", ["²x3", "3x²", "0x3", "9999999999x3", "3"])
def test_sizes_that_are_none(side: str) -> None:
    """ "²" is a digit to Python, and no number."""
    from convscope.cli.resume_options import sides_of
    from convscope.core.errors import UserError

    with pytest.raises(UserError, match="--size is height x width"):
        sides_of(side)
