"""The README's pictures: each by a command of convscope, from a home of its own, so that they never lie."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "screenshots"
PICTURES = (
    ("kernels", "", "light"),
    ("data", "", "light"),
    ("model", "", "light"),
    ("train", "", "dark"),
    ("layers", "", "light"),
    ("layers", "network", "light"),
    ("patterns", "", "dark"),
    ("explain", "", "light"),
)
DIGIT = FOLDER.parent / "images" / "digit-7.png"
"""What the lectures' network is shown, and drawn as a figure."""


def main() -> None:
    """Write all, or those of the panels that are named."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        for panel, page, theme in PICTURES:
            if sys.argv[1:] and panel not in sys.argv[1:]:
                continue
            path = FOLDER / f"{page or panel}-{theme}.png"
            words = ["screenshot", "--panel", panel, "--theme", theme, "-o", str(path)]
            if page == "network":
                words += ["--page", page, "--model", "digits", "--image", str(DIGIT)]
            _run(words, home)
            print(path)
        if not sys.argv[1:] or "figure" in sys.argv[1:]:
            path = FOLDER / "figure-light.png"
            _run(["network", "digits", str(DIGIT), "-o", str(path)], home)
            print(path)


def _run(words: list[str], home: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "convscope", *words],
        env={**os.environ, "CONVSCOPE_HOME": home},
        check=True,
    )


if __name__ == "__main__":
    main()
