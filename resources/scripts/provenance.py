"""Writes one folder's section of resources/PROVENANCE.md; every script that makes resources calls it.

The file has one section a folder, headed `## images/`: a short introduction and a table with one row for each
file; a test compares the sha256.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

RESOURCES = Path(__file__).resolve().parents[1]
PROVENANCE = RESOURCES / "PROVENANCE.md"
TITLE = """# Where every shipped file comes from

One section a folder, each written by the script that it names. The checksums are tested.
"""


@dataclass(frozen=True)
class Row:
    """One file: its path inside the folder, where it comes from, and its licence."""

    file: str
    source: str
    licence: str


def sha256(path: Path) -> str:
    """The file's SHA-256 in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_section(folder: str, introduction: str, rows: list[Row]) -> None:
    """Replace (or add) the section of `resources/<folder>/`; the other sections stay as they are."""
    lines = [
        f"## {folder}/",
        "",
        introduction.strip(),
        "",
        "| file | source | licence | sha256 |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {row.file} | {row.source} | {row.licence} | `{sha256(RESOURCES / folder / row.file)}` |"
        for row in sorted(rows, key=lambda row: row.file)
    ]
    section = "\n".join(lines) + "\n"
    text = PROVENANCE.read_text(encoding="utf-8") if PROVENANCE.exists() else TITLE
    head, *old = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    sections = [s.strip() + "\n" for s in old if not s.startswith(f"## {folder}/\n")] + [section]
    PROVENANCE.write_text("\n".join([head.strip() + "\n", *sorted(sections)]), encoding="utf-8")
