"""The section of resources/models/ in PROVENANCE.md, to which several scripts add their rows."""

from __future__ import annotations

import re

from provenance import PROVENANCE, Row, write_section

INTRODUCTION = (
    "Made by `resources/scripts/convert_efficientnet.py DATA` (imagenet) and "
    "`resources/scripts/train_small.py` (the others)."
)


def add_models(rows: list[Row]) -> None:
    """Write these rows; those of other models that the section has already are kept."""
    text = PROVENANCE.read_text(encoding="utf-8") if PROVENANCE.exists() else ""
    section = re.search(r"^## models/\n(.*?)(?=^## |\Z)", text, flags=re.MULTILINE | re.DOTALL)
    known = {row.file: row for row in rows}
    for line in section[1].splitlines() if section else ():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if len(cells) == 4 and cells[3].startswith("`") and cells[0] not in known:
            known[cells[0]] = Row(*cells[:3])
    write_section("models", INTRODUCTION, list(known.values()))
