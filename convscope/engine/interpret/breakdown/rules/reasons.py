"""Why some kinds of layers have no sum with fixed weights."""

from __future__ import annotations

_ATTENDS = (
    "each of its values is a mean over all places, weighted by a softmax over how well they match, so that no"
    " fixed weights lead to it"
)
_REMEMBERS = "it goes through its input step by step and remembers, so that no one sum leads to a value"
_MULTIPLIES = "each of its values is a product of two inputs with each other, in which no weights are fixed"
_ORDERS = "it compares its values and adds nothing up"

REASONS = {
    **dict.fromkeys(
        ("Attention", "AdditiveAttention", "GroupedQueryAttention", "MultiHeadAttention"), _ATTENDS
    ),
    **dict.fromkeys(
        (
            "LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D",
        ),
        _REMEMBERS,
    ),
    **dict.fromkeys(("Dot", "Matmul", "Einsum"), _MULTIPLIES),
    **dict.fromkeys(("Argmax", "Argmin", "Argsort", "Max", "Min", "Sort", "TopK", "Where"), _ORDERS),
}  # fmt: skip
"""Why a kind of layer has no sum, in a clause."""
