"""Unsaved work that version 1 left comes back as it did then."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convscope.engine.data.augmentation import Augmentation
from convscope.engine.data.resize import InputSettings
from convscope.engine.data.split import SplitSettings
from convscope.engine.models.builder.architecture import Architecture
from convscope.engine.models.builder.templates import TEMPLATES
from convscope.imaging.image import Image
from convscope.imaging.kernels import make
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.lab.operation import Operation
from convscope.workspace.data import DataSettings
from convscope.workspace.kept_models import KeptModel, NamedModel
from convscope.workspace.lab import Lab
from convscope.workspace.recovery import Recovered, load_work
from convscope.workspace.snapshot import restore
from convscope.workspace.workspace import Workspace

LAB = Lab(
    (
        Operation(kernels=(Kernel(np.arange(6).reshape(2, 3) / 7, "mine", "gabor", (("sigma", 1.4),)),)),
        Operation(kernels=(make("sobel-x"), make("sobel-x").over(4), make("box-blur")), channels="filter"),
    ),
    1,
    "signed",
    chosen=True,
    channel="luma",
)


def lab_of_version_1(lab: Lab) -> dict[str, Any]:
    """As version 1 wrote it."""
    return {
        "stages": [
            {
                **{name: value for name, value in vars(stage).items() if name != "kernels"},
                "kernels": [
                    {
                        "weights": kernel.weights.tolist(),
                        "divisor": kernel.divisor,
                        "name": kernel.name,
                        "preset": kernel.preset,
                        "parameters": dict(kernel.parameters),
                    }
                    for kernel in stage.kernels
                ],
            }
            for stage in lab.stages
        ],
        "selected": lab.selected,
        "display": lab.display,
        "chosen": lab.chosen,
        "channel": lab.channel,
    }


DRAFT = TEMPLATES["mnist-small"].architecture.insert(1, "Dropout")


@pytest.fixture
def old(tmp_path: Path) -> dict[str, Any]:
    """What version 1 wrote of a drawing, a matrix and all that it knew."""
    for name, values in (
        ("a", np.arange(9, dtype=np.uint8).reshape(3, 3)),
        ("b", np.ones((2, 2), np.float32)),
    ):
        np.save(tmp_path / f"{name}.npy", values)
    return {
        "version": 1,
        "current": 1,
        "images": [
            {"values": "a.npy", "name": "drawing", "notes": ["a note"]},
            {"values": "b.npy", "name": "typed", "notes": []},
        ],
        "lab": lab_of_version_1(LAB),
        "architecture": DRAFT.to_json(),
        "models": [
            ["digits", ""],
            ["VGG16", "imagenet", {"include_top": False, "input_shape": [64, 48, 3]}],
            {"file": "x.keras", "name": "mine", "weights": "random", "notes": ["so"]},
        ],
        "dataset": "digits",
        "input": {"size": [96, 64], "channels": 3, "fit": "pad"},
        "augmentation": {"rotation": 10.0},
        "data_settings": {
            "fashion": {
                "augmentation": {"zoom": 0.5},
                "input": None,
                "split": {"validation": 0.3, "test": 0.2, "seed": 7, "together": False},
                "together": False,
                "batch_size": 64,
                "labels": "categorical",
            }
        },
    }


def back(folder: Path, old: dict[str, Any]) -> tuple[Recovered, Workspace]:
    """What is found, and a workspace that it was brought back into."""
    (folder / "work.json").write_text(json.dumps(old))
    recovered = load_work(folder)
    assert recovered is not None
    workspace = Workspace([Image(np.zeros((2, 2), np.uint8), "sample")])
    restore(workspace, recovered.snapshot)
    return recovered, workspace


def told(recovered: Recovered) -> list[str]:
    """What could not be brought back."""
    return [
        error.message.removesuffix(" of the last run could not be brought back.")
        for error in recovered.errors
    ]


def test_all_of_it_comes_back(tmp_path: Path, old: dict[str, Any]) -> None:
    recovered, workspace = back(tmp_path, old)
    assert recovered.errors == ()
    assert [image.name for image in workspace.images] == ["drawing", "typed"]
    assert workspace.image.name == "typed" and workspace.images[0].notes == ("a note",)
    assert workspace.lab == LAB and workspace.architecture == DRAFT
    models = list(recovered.snapshot.models.values())
    assert models == [
        NamedModel("digits"),
        NamedModel("VGG16", "imagenet", False, (64, 48, 3)),
        KeptModel(tmp_path / "x.keras", "mine", "random", ("so",)),
    ]
    assert workspace.wanted_model == list(recovered.snapshot.models)[-1]
    assert recovered.snapshot.dataset == workspace.awaited_dataset == "digits"
    assert workspace.data_settings_of("digits") == DataSettings(
        Augmentation(rotation=10.0), InputSettings((96, 64), 3, "pad")
    )
    assert workspace.data_settings_of("fashion") == DataSettings(
        Augmentation(zoom=0.5), None, SplitSettings(0.3, 0.2, 7), False, 64, "categorical"
    )


def test_a_display_that_a_person_chose_stays_chosen(tmp_path: Path, old: dict[str, Any]) -> None:
    for lab in (replace(Lab(), display="signed", chosen=True), Lab()):
        kept = lab_of_version_1(lab)
        assert back(tmp_path, {**old, "lab": kept})[1].lab == lab
        # Still older ones had no word on it.
        del kept["chosen"], kept["channel"]
        assert back(tmp_path, {**old, "lab": kept})[1].lab == lab


@pytest.mark.parametrize(
    ("damage", "names"),
    [
        ({"lab": {"stages": [{"kernels": [{"weights": "x"}]}]}}, ["The kernels"]),
        ({"models": [["digits", ""], 5, ["VGG16"], {"file": "x"}, ["V", "", {"input_shape": 5}], None]}, 5),
        ({"models": 7}, ["The models"]),
        ({"input": {"size": [0, 9], "channels": None, "fit": "crop"}}, ["What images are brought to"]),
        ({"input": {"size": 3}}, ["What images are brought to"]),
        ({"input": [1]}, ["What images are brought to"]),
        ({"augmentation": {"rotation": "x"}}, ["The augmentation"]),
        ({"architecture": "{"}, ["The layers"]),
        ({"architecture": '{"name": "x"}'}, ["The layers"]),
        ({"data_settings": {"digits": 7}}, ["What was set for the data set digits"]),
    ],
)
def test_what_is_damaged_is_told_and_keeps_nothing_else_away(
    tmp_path: Path, old: dict[str, Any], damage: dict[str, Any], names: list[str] | int
) -> None:
    recovered, workspace = back(tmp_path, {**old, **damage})
    assert told(recovered) == (["A model"] * names if isinstance(names, int) else names)
    assert [image.name for image in workspace.images] == ["drawing", "typed"]
    assert (workspace.lab == LAB) == ("lab" not in damage)


def test_a_draft_is_an_architecture_file(tmp_path: Path, old: dict[str, Any]) -> None:
    assert Architecture.from_json(old["architecture"]) == DRAFT
