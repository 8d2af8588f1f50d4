"""The lab's document: chains, kernels, the selected stage."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from convscope.core.errors import UserError
from convscope.imaging.image import Image
from convscope.imaging.kernels import make
from convscope.imaging.kernels.kernel import Kernel
from convscope.imaging.lab.operation import IDENTITY, Operation
from convscope.workspace.lab import SOBEL_X, Lab


def stages(*strides: int, selected: int = 0) -> Lab:
    """A chain whose stages are told apart by their strides."""
    return Lab(tuple(Operation(stride=stride) for stride in strides), selected)


def strides(lab: Lab) -> list[int]:
    """What tells its stages apart."""
    return [stage.stride for stage in lab.stages]


def test_it_begins_with_sobel_x_shown_as_absolute_values() -> None:
    lab = Lab()
    assert lab.stages == (Operation(kernels=(SOBEL_X,)),)
    assert lab.display == "abs" and lab.stage.kernel.weights.tolist() == [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    assert lab == Lab()


def test_the_display_is_that_of_the_kernels_until_it_is_chosen() -> None:
    sharpen = make("sharpen")
    assert Lab().with_kernel(sharpen).display == "clip"
    assert Lab().with_kernel(sharpen).with_kernel(SOBEL_X).display == "abs"
    chosen = replace(Lab(), display="signed", chosen=True)
    assert chosen.with_kernel(sharpen).display == "signed"
    assert Lab().with_kernel(SOBEL_X.with_cell(0, 0, 9.0)).display == "abs"


def test_the_display_is_that_of_the_stages_up_to_the_selected_one() -> None:
    lab = Lab((Operation((make("gaussian"),)), Operation((SOBEL_X,))), selected=1)
    assert lab.display == "abs" and replace(lab, selected=0).display == "clip"


def test_a_table_of_numbers_is_stretched_unless_a_person_chose() -> None:
    table, photograph = Image(np.eye(3), "table"), Image(np.full((99, 99), 200, np.uint8), "photograph")
    assert Lab().display_on(table) == "stretch" and Lab().display_on(photograph) == "abs"
    assert replace(Lab(), display="clip", chosen=True).display_on(table) == "clip"


def test_a_chain_is_never_empty() -> None:
    with pytest.raises(UserError, match="at least one stage"):
        Lab(())
    with pytest.raises(UserError, match="at least one stage"):
        Lab().removed(0)


@pytest.mark.parametrize(("selected", "expected"), [(-5, 0), (1, 1), (99, 2)])
def test_the_selection_is_always_a_stage(selected: int, expected: int) -> None:
    assert stages(1, 2, 3, selected=selected).selected == expected


def test_settings_change_the_selected_stage_alone() -> None:
    lab = stages(1, 2, 3, selected=1)
    changed = lab.with_stage(stride=7, bias=2.5)
    assert strides(changed) == [1, 7, 3] and changed.stage.bias == 2.5
    assert strides(lab) == [1, 2, 3]
    with pytest.raises(UserError, match="Stride"):
        lab.with_stage(stride=9)


def test_one_kernel_for_all_channels_or_for_one() -> None:
    box = Kernel(np.full((3, 3), 1 / 9))
    assert Lab().with_kernel(box).stage.kernels == (box,)
    rgb = Lab((Operation(kernels=(SOBEL_X,) * 3, channels="filter"),))
    assert rgb.with_kernel(box).stage.kernels == (box, box, box)
    assert rgb.with_kernel(box, channel=1).stage.kernels == (SOBEL_X, box, SOBEL_X)


def test_a_kernel_of_another_size_for_one_channel_resizes_the_others() -> None:
    rgb = Lab((Operation(kernels=(SOBEL_X,) * 3, channels="filter"),))
    large = Kernel(np.ones((5, 5)))
    kernels = rgb.with_kernel(large, channel=2).stage.kernels
    assert [kernel.shape for kernel in kernels] == [(5, 5)] * 3
    assert kernels[0].weights[1:4, 1:4].tolist() == SOBEL_X.weights.tolist()
    assert kernels[2] == large


def test_insert_remove_and_move() -> None:
    lab = stages(1, 2, 3, selected=1)
    added = lab.inserted(Operation(kernels=(IDENTITY,), stride=8))
    assert strides(added) == [1, 2, 8, 3] and added.selected == 2
    assert strides(added.removed(0)) == [2, 8, 3] and added.removed(0).selected == 1
    assert added.removed(3).selected == 2 and strides(added.removed(3)) == [1, 2, 8]
    last = stages(1, 2, selected=1).removed(1)
    assert strides(last) == [1] and last.selected == 0
    moved = lab.moved(0, 2)
    assert strides(moved) == [2, 3, 1] and moved.selected == 2
    assert strides(lab.moved(2, 0)) == [3, 1, 2]
