"""Every shipped file is accounted for, and found in a checkout and in a wheel alike."""

from __future__ import annotations

import hashlib
import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image as PillowImage
from PIL import ImageFont

from convscope.core import paths
from convscope.core.paths import resource_path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("images", "fonts", "icons")


def table(folder: str) -> dict[str, tuple[str, str, str]]:
    """file → (source, licence, sha256) of one section of PROVENANCE.md."""
    text = resource_path("PROVENANCE.md").read_text(encoding="utf-8")
    section = re.search(rf"^## {folder}/\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert section, f"PROVENANCE.md has no section {folder}/"
    rows = {}
    for line in section[1].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 4 and cells[3].startswith("`"):
            rows[cells[0]] = (cells[1], cells[2], cells[3].strip("`"))
    return rows


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_file_has_its_source_licence_and_checksum(folder: str) -> None:
    rows = table(folder)
    files = {path.name: path for path in resource_path(folder).iterdir()}
    assert rows.keys() == files.keys()
    for name, (source, licence, checksum) in rows.items():
        assert source and licence
        assert hashlib.sha256(files[name].read_bytes()).hexdigest() == checksum, name


def test_images_are_small_enough_to_ship() -> None:
    files = list(resource_path("images").iterdir())
    assert len(files) >= 12
    for path in files:
        assert path.stat().st_size <= 300_000, path.name
        with PillowImage.open(path) as picture:
            assert max(picture.size) <= 768, path.name


def test_fonts_have_the_signs_that_the_app_writes() -> None:
    for name in (
        "Inter-Regular",
        "Inter-Medium",
        "Inter-SemiBold",
        "JetBrainsMono-Regular",
        "JetBrainsMono-Bold",
    ):
        font = ImageFont.truetype(resource_path("fonts", f"{name}.ttf"), 40)
        missing = bytes(font.getmask("\ufffe"))
        for sign in "aZ09−×·√²°→≤σθλγψΣ…–":
            assert bytes(font.getmask(sign)) != missing, f"{name} lacks {sign}"


def test_icons_are_drawings_in_the_current_colour() -> None:
    icons = sorted(resource_path("icons").glob("*.svg"))
    assert len(icons) >= 70
    for path in icons:
        text = path.read_text(encoding="utf-8")
        assert 'stroke="currentColor"' in text and 'viewBox="0 0 24 24"' in text
        assert "<script" not in text and "href" not in text


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installed copy of paths.py alone: site-packages/convscope/ without resources."""
    folder = tmp_path / "site-packages" / "convscope"
    folder.mkdir(parents=True)
    (folder / "core").mkdir()
    shutil.copy(paths.__file__, folder / "core" / "paths.py")
    monkeypatch.setattr(paths, "__file__", str(folder / "core" / "paths.py"))
    paths._resource_roots.cache_clear()
    yield folder
    paths._resource_roots.cache_clear()


def test_resources_of_this_checkout_or_installation() -> None:
    assert resource_path("images", "cat.jpg").is_file()
    assert resource_path("images").is_dir()


def test_resources_in_a_wheel_are_inside_the_package(package: Path) -> None:
    (package / "resources" / "images").mkdir(parents=True)
    (package / "resources" / "images" / "cat.jpg").touch()
    assert resource_path("images", "cat.jpg") == package / "resources" / "images" / "cat.jpg"


def test_resources_of_a_checkout_are_beside_the_package(package: Path) -> None:
    (package.parent / "resources" / "images").mkdir(parents=True)
    (package.parent / "resources" / "images" / "cat.jpg").touch()
    assert resource_path("images", "cat.jpg") == package.parent / "resources" / "images" / "cat.jpg"


def test_a_missing_resource_is_named(package: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"images/cat\.jpg is missing from this installation"):
        resource_path("images", "cat.jpg")


def test_the_wheel_takes_the_resources_along() -> None:
    hatch = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"][
        "targets"
    ]
    taken = hatch["wheel"]["force-include"]
    assert taken == {path: f"convscope/{path}" for path in taken}
    there = {f"resources/{path.name}" for path in (ROOT / "resources").iterdir()}
    # The README's pictures and the scripts that made all this are for those who have the sources.
    assert there - taken.keys() == {"resources/screenshots", "resources/scripts"}
    assert hatch["wheel"]["packages"] == ["convscope"]
    assert "resources" in hatch["sdist"]["include"]
