"""What a converter says when a format lacks an operation."""

from __future__ import annotations


class RefusedError(Exception):
    """The graph cannot be written in this format.

    Args:
        operations: that it lacks, by TensorFlow's names; empty where that is not known.
        detail: what the converter said.
    """

    def __init__(self, operations: tuple[str, ...], detail: str) -> None:
        super().__init__(detail)
        self.operations = operations
        self.detail = detail
