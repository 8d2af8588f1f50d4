"""What a person has set for a data set: each has its own, and keeps it while others are open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from convscope.engine.data.augmentation import Augmentation
    from convscope.engine.data.resize import InputSettings
    from convscope.engine.data.split import SplitSettings


@dataclass(frozen=True)
class DataSettings:
    """Of one data set.

    Attributes:
        augmentation: what training does to its images; None: nothing.
        input: what they are brought to; None: it was never set.
        split: its parts, as far as they do not come with it; None: as it is opened. Whether pictures are kept
            together says `together`.
        together: images that are the same picture are kept in one part, once they are found.
        batch_size, labels: of the batch that the data panel shows.
    """

    augmentation: Augmentation | None = None
    input: InputSettings | None = None
    split: SplitSettings | None = None
    together: bool = True
    batch_size: int = 32
    labels: Literal["sparse", "categorical", "binary"] = "sparse"

    def to_json(self) -> dict[str, Any]:
        """As JSON's own types."""
        return asdict(self)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> DataSettings:
        """What `to_json` gave.

        Raises:
            UserError, KeyError, TypeError, ValueError: it is something else.
        """
        from convscope.engine.data.augmentation import Augmentation
        from convscope.engine.data.pipeline import LABEL_MODES
        from convscope.engine.data.split import SplitSettings

        if not isinstance(data, Mapping):
            raise TypeError(f"no settings: {data!r}")
        augmentation, split = data.get("augmentation"), data.get("split")
        labels = data.get("labels", "sparse")
        if labels not in LABEL_MODES:
            raise ValueError(f"no label mode {labels!r}")
        return DataSettings(
            Augmentation(**augmentation) if augmentation else None,
            input_from_json(data.get("input")),
            SplitSettings(**split) if split else None,
            bool(data.get("together", True)),
            int(data.get("batch_size", 32)),
            labels,
        )


def input_from_json(data: Any) -> InputSettings | None:
    """An input as `asdict` and JSON have made it, or None.

    Raises:
        UserError, KeyError, TypeError, ValueError: it is something else.
    """
    if not data:
        return None
    from convscope.engine.data.resize import InputSettings

    size = None if data["size"] is None else (int(data["size"][0]), int(data["size"][1]))
    return InputSettings(size, data["channels"], str(data["fit"]))  # type: ignore[arg-type]
