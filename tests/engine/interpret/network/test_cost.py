"""What each column costs: the summary's own numbers, summed by column."""

from __future__ import annotations

import pytest

from convscope.core.task import Cancelled, Task
from convscope.engine.interpret.activations.activations import look
from convscope.engine.interpret.network.cost import costs
from convscope.engine.models.graph.columns import columns
from convscope.engine.models.library.catalogue import open_model
from convscope.engine.runtime import start
from convscope.imaging.samples import load_sample


def test_a_lecture_s_network_costs_what_its_summary_says() -> None:
    start()
    model = open_model("digits")
    found = look(model, load_sample("digit-7"))
    told = costs(found, columns(model))
    # (3·3·1 + 1)·32, (3·3·32 + 1)·64, …: 93,322 in all.
    assert [one.parameters for one in told] == [0, 320, 0, 18_496, 0, 36_928, 0, 36_928, 650]
    assert sum(one.parameters for one in told) == 93_322
    # 26·26·32 values of 3·3·1 products.
    assert told[1].multiply_adds == 26 * 26 * 32 * 9
    assert told[1].memory == 4 * 26 * 26 * 32
    assert told[0].seconds is None and all(one.seconds and one.seconds > 0 for one in told[1:])
    assert told[6].blank is None and told[1].blank is not None


def test_blocks_cost_the_sum_of_their_layers() -> None:
    start()
    model = open_model("imagenet")
    found = look(model, load_sample("cat"))
    told = costs(found, columns(model))
    totals = model.summary.totals
    assert sum(one.parameters for one in told) == totals.parameters
    assert sum(one.multiply_adds or 0 for one in told) == totals.multiply_adds
    assert sum(one.memory or 0 for one in told) == totals.activation_bytes
    # 5 of the 32 maps behind the first ReLU6 are the same everywhere on this photograph.
    assert told[1].blank == 5 / 32


def test_timing_can_be_cancelled() -> None:
    start()
    model = open_model("digits")
    found = look(model, load_sample("digit-7"))
    task = Task(on_progress=lambda fraction, _text: task.cancel() if (fraction or 0) > 0.5 else None)
    with pytest.raises(Cancelled):
        costs(found, columns(model), task)
