"""Labels of a mosaic in a saved picture: whole where they fit, smaller, else cut; as they are written."""

from __future__ import annotations

import numpy as np
import pytest

from convscope.imaging.mosaic_labels import SavedLetters, fitting_lines, fitting_words, labelled


@pytest.fixture
def letters() -> SavedLetters:
    return SavedLetters(12)


def test_a_name_is_whole_cut_at_its_end_or_left_out(letters: SavedLetters) -> None:
    whole = "African elephant"
    assert fitting_words(letters, whole, letters.wide(whole)) == whole
    cut = fitting_words(letters, whole, letters.wide("African ele"))
    assert (
        cut.endswith("…") and cut.startswith("African") and letters.wide(cut) <= letters.wide("African ele")
    )
    assert fitting_words(letters, whole, letters.wide("Afr…")) == ""


def test_a_name_in_a_line_of_its_own_is_cut_in_its_middle(letters: SavedLetters) -> None:
    name = "block6d_project_batch_normalization"
    first, second = fitting_lines(letters, f"Grad-CAM: {name}", letters.wide("block6d_pro…ization"), 2)
    assert first == "Grad-CAM:" and "…" in second
    assert second.startswith("block6d_") and second.endswith("zation")
    kept = len(second) - 1
    assert second == f"{name[: (kept + 1) // 2]}…{name[len(name) - kept // 2 :]}"


def test_words_go_to_the_next_line(letters: SavedLetters) -> None:
    lines = fitting_lines(letters, "what the network saw", letters.wide("what the network"), 2)
    assert lines == ["what the network", "saw"]


def test_a_saved_label_stands_dark_on_white_below_its_tile() -> None:
    tile = np.full((120, 160, 3), 90, np.uint8)
    made = labelled(tile, "Grad-CAM: tabby × −1")
    assert made.shape == (136, 160, 3)
    np.testing.assert_array_equal(made[:120], tile)
    band = made[120:]
    assert band.max() == 255 and band.min() < 100
    # A minus and a times sign are no question marks: each label looks another way.
    assert (labelled(tile, "7×7") != labelled(tile, "7?7")).any()


def test_a_long_label_is_smaller_and_then_cut_never_outside() -> None:
    tile = np.zeros((60, 80, 3), np.uint8)
    short, long_ = (
        labelled(tile, "cat"),
        labelled(tile, "a very long name of a class that nobody can read here"),
    )
    assert short.shape == long_.shape
    assert (long_[60:, 78:] == 255).all() and (long_[60:] < 128).any()
