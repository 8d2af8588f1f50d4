"""A model once more, with the weights of a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import model_nets as nets
import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.core.task import Cancelled, Task
from convscope.engine.data.preprocessing import MODES
from convscope.engine.models.files.reweighted import with_weights
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.models.opened import OpenedModel

pytestmark = [
    pytest.mark.usefixtures("runtime"),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning"),
]


@pytest.mark.parametrize("make", nets.ALL.values(), ids=list(nets.ALL))
@pytest.mark.parametrize("file", ["w.weights.h5", "whole.keras", "whole.h5"])
def test_a_copy_computes_as_the_file_says(make: Callable[[], Any], file: str, tmp_path: Path) -> None:
    trained = nets.random_weights(make())
    (trained.save_weights if ".weights." in file else trained.save)(tmp_path / file)
    blank = OpenedModel(make(), name="mine", classes=("a", "b"), preprocessing=MODES["tf"])
    before = blank.keras.get_weights()
    loaded = with_weights(blank, tmp_path / file)
    inputs = nets.images(trained)
    given = inputs if len(inputs) > 1 else inputs[0]
    ours, theirs = (model(given, training=False) for model in (loaded.keras, trained))
    for a, b in zip(_listed(ours), _listed(theirs), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
    assert [row.path for row in loaded.layers] == [row.path for row in blank.layers]
    assert (loaded.name, loaded.classes, loaded.preprocessing) == ("mine", ("a", "b"), MODES["tf"])
    assert (loaded.source.kind, loaded.source.weights) == ("memory", file)
    for a, b in zip(blank.keras.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)


def _listed(outputs: Any) -> list[Any]:
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]


def test_what_does_not_fit_is_said(tmp_path: Path) -> None:
    nets.sequential().save_weights(tmp_path / "row.weights.h5")
    with pytest.raises(UserError, match=r"^The weights in row\.weights\.h5 do not belong to mine\."):
        with_weights(OpenedModel(nets.base(), name="mine"), tmp_path / "row.weights.h5")
    with pytest.raises(UserError, match=r"^There is no file .*missing\.h5\.$"):
        with_weights(open_model("mlp"), tmp_path / "missing.h5")
    nets.sequential().export(tmp_path / "served", verbose=False)
    with pytest.raises(UserError, match=r"^served is a finished graph: no weights can be loaded into it\.$"):
        with_weights(open_model(tmp_path / "served"), tmp_path / "row.weights.h5")


def test_it_can_be_stopped(tmp_path: Path) -> None:
    task = Task()
    task.cancel()
    with pytest.raises(Cancelled):
        with_weights(open_model("mlp"), tmp_path / "any.h5", task)
