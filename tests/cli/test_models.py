"""`convscope models`."""

from __future__ import annotations

import json

import pytest

from convscope.cli import main


def listed(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, object]]:
    assert main(["models", *words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, list)
    return found


def test_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    found = {str(entry["name"]): entry for entry in listed(capsys)}
    assert found["imagenet"]["kind"] == "shipped"
    assert found["imagenet"]["input"] == [224, 224, 3]
    templates = {entry["parameters"] for entry in found.values() if entry["kind"] == "template"}
    assert {93_322, 30_762, 61_706, 3_453_121, 16_812_353} <= templates
    assert found["VGG16"]["parameters"] == 138_357_544
    assert found["VGG16"]["top5"] == 90.1
    assert {entry["kind"] for entry in found.values()} == {"shipped", "template", "application"}


def test_words_narrow_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert [entry["name"] for entry in listed(capsys, "convnext", "tiny")] == ["ConvNeXtTiny"]
    assert listed(capsys, "nonesuch") == []


def test_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    out = capsys.readouterr().out
    assert "lenet-5                       61,706  28×28×1" in out
    assert "top-5 90.1 %" in out
    assert main(["models", "nonesuch"]) == 0
    assert capsys.readouterr().out == "no model has these words in its name\n"
