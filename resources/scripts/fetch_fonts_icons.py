"""Fetches resources/fonts/ and resources/icons/ from three npm packages.

Needs `npm` and a network. An icon that the app wants is one line in icons.txt.
"""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from provenance import RESOURCES, Row, write_section

INTER = "@expo-google-fonts/inter@0.4.2"
MONO = "@expo-google-fonts/jetbrains-mono@0.4.1"
LUCIDE = "lucide-static@1.62.0"

FONTS = {
    "Inter-Regular.ttf": (INTER, "400Regular/Inter_400Regular.ttf"),
    "Inter-Medium.ttf": (INTER, "500Medium/Inter_500Medium.ttf"),
    "Inter-SemiBold.ttf": (INTER, "600SemiBold/Inter_600SemiBold.ttf"),
    "Inter-OFL.txt": (INTER, "LICENSE_FONT"),
    "JetBrainsMono-Regular.ttf": (MONO, "400Regular/JetBrainsMono_400Regular.ttf"),
    "JetBrainsMono-Bold.ttf": (MONO, "700Bold/JetBrainsMono_700Bold.ttf"),
    "JetBrainsMono-OFL.txt": (MONO, "LICENSE_FONT"),
}
ICONS = Path(__file__).with_name("icons.txt").read_text(encoding="utf-8").split()


def unpack(package: str, folder: Path) -> Path:
    """The `package/` folder of an npm package."""
    packed = subprocess.run(["npm", "pack", package], cwd=folder, check=True, capture_output=True, text=True)
    target = folder / package.replace("/", "-")
    with tarfile.open(folder / packed.stdout.split()[-1]) as archive:
        archive.extractall(target, filter="data")
    return target / "package"


def main() -> None:
    """Copy the files, then write both sections of PROVENANCE.md."""
    fonts, icons = RESOURCES / "fonts", RESOURCES / "icons"
    with tempfile.TemporaryDirectory() as temporary:
        packages = {package: unpack(package, Path(temporary)) for package in (INTER, MONO, LUCIDE)}
        for folder in (fonts, icons):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        for file, (package, path) in FONTS.items():
            (fonts / file).write_bytes((packages[package] / path).read_bytes())
        for icon in ICONS:
            (icons / f"{icon}.svg").write_bytes((packages[LUCIDE] / "icons" / f"{icon}.svg").read_bytes())
        (icons / "LICENSE.txt").write_bytes((packages[LUCIDE] / "LICENSE").read_bytes())

    write_section(
        "fonts",
        "Fetched by `resources/scripts/fetch_fonts_icons.py`: the static TrueType files of Google Fonts. "
        "Inter is © The Inter Project Authors, JetBrains Mono © The JetBrains Mono Project Authors; "
        "the licences are beside them.",
        [Row(file, f"npm `{package}`, {path}", "SIL OFL 1.1") for file, (package, path) in FONTS.items()],
    )
    write_section(
        "icons",
        "Fetched by `resources/scripts/fetch_fonts_icons.py` from Lucide, unchanged; LICENSE.txt says "
        "which came from Feather (MIT).",
        [
            Row(f"{icon}.svg", f"npm `{LUCIDE}`, icons/{icon}.svg", "ISC (some MIT, see LICENSE.txt)")
            for icon in ICONS
        ]
        + [Row("LICENSE.txt", f"npm `{LUCIDE}`, LICENSE", "ISC")],
    )


if __name__ == "__main__":
    main()
