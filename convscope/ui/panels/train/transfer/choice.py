"""What a person has chosen on the page of pretrained networks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Choice:
    """The new classifier, how the base is fine-tuned, and the machine beside them.

    Attributes:
        pooling, units, dropout: of the classifier; see `engine.training.transfer_model.TransferSettings`.
        from_layer: the first layer of the base that is fine-tuned; "": the last stage.
        head_epochs: of the classifier alone before that.
        fine_rate: the learning rate of fine-tuning.
        kernel, c: of the support vector machine.
    """

    pooling: str = "average"
    units: int = 0
    dropout: float = 0.0
    from_layer: str = ""
    head_epochs: int = 5
    fine_rate: float = 1e-5
    kernel: str = "linear"
    c: float = 1.0
