"""The README's pictures: each by `convscope screenshot`, from a home of its own, so that they never lie."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "screenshots"
PICTURES = (
    ("kernels", "light"),
    ("data", "light"),
    ("model", "light"),
    ("train", "dark"),
    ("layers", "light"),
    ("patterns", "dark"),
    ("explain", "light"),
)


def main() -> None:
    """Write all, or those of the panels that are named."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        for panel, theme in PICTURES:
            if sys.argv[1:] and panel not in sys.argv[1:]:
                continue
            path = FOLDER / f"{panel}-{theme}.png"
            words = ["screenshot", "--panel", panel, "--theme", theme, "-o", str(path)]
            subprocess.run(
                [sys.executable, "-m", "convscope", *words],
                env={**os.environ, "CONVSCOPE_HOME": home},
                check=True,
            )
            print(path)


if __name__ == "__main__":
    main()
