"""`convscope doctor`: what this machine has, what is missing, and the line that installs it."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

from convscope import __version__
from convscope.core import paths
from convscope.core.errors import UserError
from convscope.engine.models.export.formats import FORMATS, INSTALL
from convscope.engine.runtime import ONEDNN, choose_kernels

SUMMARY = "Check this machine: Python, Qt, TensorFlow, system libraries, display, cameras, folders."
EXAMPLE = "convscope doctor --json"

# The shared libraries that Qt's wheels do not bring, and the Debian packages that hold them.
PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb.so.1": "libxcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}

# Each runs in a process of its own: a broken library may end the one that imports it.
QT_PROBE = """
from PySide6 import QtCore, QtGui, QtWidgets, QtSvg
app = QtWidgets.QApplication([])
print(QtCore.qVersion())
"""
ENGINE_PROBE = """
import json, os
from convscope.engine import keras_compat, runtime
from convscope.core.process_state import imports
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
runtime.choose_kernels()
with imports.without(*runtime.UNUSED):
    import tensorflow, keras
print(json.dumps([tensorflow.__version__, keras.__version__,
                  [gpu.name for gpu in tensorflow.config.list_physical_devices("GPU")],
                  keras_compat.has_onednn()]))
"""


@dataclass(frozen=True)
class Check:
    """One line of the report.

    Attributes:
        name: what was looked at.
        good: False if something needed is missing; None where there is nothing to judge.
        found: what is there, in words.
        mend: what to do, or "".
    """

    name: str
    good: bool | None
    found: str
    mend: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the checks as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the report. Returns 0 if all is well, 1 if something needed is missing.

    A machine without a display is well: the commands run there, and the report says that the window does not.
    """
    checks = examine()
    good = all(check.good is not False for check in checks)
    if arguments.json:
        print(json.dumps({"ok": good, "checks": [asdict(check) for check in checks]}, indent=2))
    else:
        print(report(checks, plain=not _can_print("✓✗·×σ")))
    return 0 if good else 1


def examine() -> list[Check]:
    """Every check, in the order in which one depends on the other."""
    return [
        _python(),
        qt(),
        libraries(),
        display(),
        *engine(),
        exports(),
        cameras(),
        _resources(),
        *(_folder(name, find) for name, find in FOLDERS.items()),
    ]


def report(checks: list[Check], plain: bool) -> str:
    """The checks as text; `plain` for terminals without Unicode."""
    marks = {True: "ok  ", False: "FAIL", None: "-   "} if plain else {True: "✓", False: "✗", None: "·"}
    width = max(len(check.name) for check in checks)
    lines = []
    for check in checks:
        lines.append(f"{marks[check.good]} {check.name:<{width}}  {check.found}")
        if check.mend:
            lines.append(f"{' ' * (width + len(marks[check.good]) + 3)}{check.mend}")
    bad = [check.name for check in checks if check.good is False]
    no_window = any(check.name == "Display" and check.good is None for check in checks)
    if bad:
        end = f"Something that convscope needs is missing: see {', '.join(bad)}."
    else:
        end = (
            "The commands can run here; the window needs a display."
            if no_window
            else "convscope can run here."
        )
    text = "\n".join([*lines, "", end])
    return text.encode("ascii", "replace").decode() if plain else text


def _python() -> Check:
    version = platform.python_version()
    good = (3, 11) <= sys.version_info[:2] <= (3, 13)
    where = f"convscope {__version__}, Python {version}, {platform.system()} {platform.machine()}"
    return Check("Python", good, where, "" if good else "convscope needs Python 3.11, 3.12 or 3.13.")


def qt() -> Check:
    """Whether Qt can be loaded and make an application."""
    # Without a screen, so that this says whether Qt itself is whole.
    code, output = _probe(QT_PROBE, 180, QT_QPA_PLATFORM="offscreen")
    if code == 0:
        return Check("Qt", True, f"Qt {output.splitlines()[-1]}, PySide6 {_version('PySide6-Essentials')}")
    if find_spec("PySide6") is None:
        return Check(
            "Qt", False, "PySide6 is not installed", f"{sys.executable} -m pip install PySide6-Essentials"
        )
    return Check("Qt", False, f"PySide6 cannot be loaded: {output}", "See the system libraries below.")


def libraries(unresolved: Callable[[Path], set[str]] | None = None) -> Check:
    """The shared libraries that Qt asks for and this system lacks, with the line that installs them."""
    name = "System libraries"
    spec = find_spec("PySide6")
    if not sys.platform.startswith("linux") or spec is None or spec.origin is None:
        return Check(name, None, "nothing to check here")
    if unresolved is None and shutil.which("ldd") is None:
        return Check(name, None, "not checked: this system has no ldd")
    unresolved = unresolved or missing_of
    root = Path(spec.origin).parent / "Qt"
    plugins = root / "plugins" / "platforms"
    needed = [root / "lib" / f"libQt6{part}.so.6" for part in ("Core", "Gui", "Widgets", "Svg")]
    needed.append(plugins / "libqoffscreen.so")
    always = set().union(*(unresolved(file) for file in needed if file.exists()))
    missing = sorted(always | unresolved(plugins / "libqxcb.so"))
    if not missing:
        return Check(name, True, "all that Qt asks for are here")
    # X11's own are not needed where there is no X display.
    good = None if not always and not os.environ.get("DISPLAY") else False
    found = f"missing: {', '.join(missing)}" + ("" if good is False else " (for a window on an X display)")
    packages = sorted({PACKAGES[soname] for soname in missing if soname in PACKAGES})
    unknown = [soname for soname in missing if soname not in PACKAGES]
    mend = f"sudo apt-get install {' '.join(packages)}" if packages else ""
    if unknown:
        mend += f"{'; ' if mend else ''}find the packages that hold {', '.join(unknown)}"
    return Check(name, good, found, mend)


def missing_of(file: Path) -> set[str]:
    """The sonames that the dynamic linker cannot find for a file, by `ldd`."""
    listed = subprocess.run(["ldd", str(file)], capture_output=True, text=True, check=False).stdout
    return {
        line.split("=>")[0].strip() for line in listed.splitlines() if "not found" in line and "=>" in line
    }


def display() -> Check:
    """Whether Qt can open a window on the display that the environment names."""
    names = ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY", "DISPLAY")
    shown = ", ".join(f"{name}={os.environ[name]}" for name in names if os.environ.get(name))
    if not shown and sys.platform.startswith("linux"):
        return Check(
            "Display", None, "none here: the commands and convscope screenshot work, the window needs one"
        )
    shown = shown or "the system's own"
    code, output = _probe(QT_PROBE, 180)
    if code == 0:
        return Check("Display", True, shown)
    return Check("Display", False, f"{shown}, but Qt cannot open a window on it: {output}")


def engine() -> list[Check]:
    """TensorFlow, Keras and the GPUs that they see; and by what the processor computes."""
    set_by = "as the environment says" if ONEDNN in os.environ else "as convscope chooses"
    code, output = _probe(ENGINE_PROBE, 300)
    if code != 0:
        mend = f"{sys.executable} -m pip install --force-reinstall tensorflow"
        return [Check("TensorFlow", False, f"cannot be loaded: {output}", mend)]
    tensorflow, keras, gpus, onednn = json.loads(output.splitlines()[-1])
    seen = ", ".join(gpus) if gpus else "no GPU seen: the CPU is used"
    loaded = Check("TensorFlow", True, f"TensorFlow {tensorflow}, Keras {keras}, {seen}")
    name = "CPU kernels"
    if onednn:
        return [loaded, Check(name, True, f"oneDNN is on, {set_by}")]
    allowed = choose_kernels()
    why = "this TensorFlow was built without it" if allowed else f"{ONEDNN}={os.environ[ONEDNN]}"
    lost = "networks compute more slowly, and those whose channels come first may not run"
    return [loaded, Check(name, None, f"oneDNN is off ({why}): {lost}", "" if allowed else f"unset {ONEDNN}")]


def exports() -> Check:
    """What writes copies for others; without it the rest works."""
    missing = [kind for kind in FORMATS if kind.missing]
    if not missing:
        return Check("Export", True, ", ".join(kind.title for kind in FORMATS))
    lacks = "; ".join(f"{kind.title} lacks {', '.join(kind.missing)}" for kind in missing)
    return Check("Export", None, lacks, INSTALL)


def cameras(devices: Path = Path("/dev")) -> Check:
    """The cameras that this user may open; only Linux lists them without opening one."""
    if not sys.platform.startswith("linux"):
        return Check("Cameras", None, "found when one is opened")
    found = sorted(devices.glob("video*"))
    refused = [device.name for device in found if not os.access(device, os.R_OK | os.W_OK)]
    if refused:
        mend = "sudo usermod -aG video $USER, then log in again"
        return Check("Cameras", None, f"you may not open {', '.join(refused)}", mend)
    return Check("Cameras", None, ", ".join(str(device) for device in found) or "none")


def _resources() -> Check:
    try:
        folders = [paths.resource_path(name) for name in RESOURCES]
    except FileNotFoundError as error:
        return Check("Resources", False, str(error), "Install convscope again.")
    return Check("Resources", True, str(folders[0].parent))


RESOURCES = ("images", "fonts", "icons", "models")
FOLDERS: dict[str, Callable[[], Path]] = {
    "Settings": paths.config_dir,
    "Cache": paths.cache_dir,
    "Logs and unsaved work": paths.state_dir,
    "Runs": paths.data_dir,
    "Keras cache": lambda: Path(os.environ.get("KERAS_HOME", str(Path.home() / ".keras"))),
}


def _folder(name: str, find: Callable[[], Path]) -> Check:
    try:
        folder = find()
    except (OSError, RuntimeError, UserError) as error:
        # RuntimeError: there is no home folder.
        return Check(name, False, str(error), "Make this folder writable.")
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not os.access(existing, os.W_OK):
        return Check(name, False, f"{folder} cannot be written", "Make this folder writable.")
    used = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) if folder.exists() else 0
    free = shutil.disk_usage(existing).free
    return Check(name, True, f"{folder}, {used / 1e6:.1f} MB used, {free / 1e9:.0f} GB free")


def _probe(code: str, seconds: float, **environment: str) -> tuple[int, str]:
    """A piece of Python in a process of its own: its exit code, and what it said or why it failed."""
    try:
        ended = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return (-1, f"no answer within {seconds:g} s")
    if ended.returncode == 0:
        return (0, ended.stdout.strip())
    said = [line.strip() for line in ended.stderr.splitlines() if line.strip()]
    # Qt tells the reason first and ends with advice; Python ends with the reason.
    reasons = [line for line in said if line.startswith("qt.qpa")] or said[-1:]
    return (ended.returncode, reasons[-1] if reasons else f"it ended with code {ended.returncode}")


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "of unknown version"


def _can_print(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
