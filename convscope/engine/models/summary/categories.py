"""Which part each layer plays in its network: what colours it in the graph and in the bars."""

from __future__ import annotations

from collections.abc import Mapping

from convscope.engine.models.layer_specs import KINDS
from convscope.engine.models.summary import LayerInfo, ModelSummary

_CLASSIFIER, _CONVOLUTION, _OTHER = "Classifier", "Convolution", "Other"


def categories(summary: ModelSummary) -> Mapping[str, str]:
    """By path the category of each layer, named as in the palette; "Other" for kinds that are not known.

    A dense layer on maps, or one whose values go back into maps (the gate of a squeeze and excitation), does
    what a 1×1 convolution does. Only what no maps follow is the classifier.
    """
    found: dict[str, str] = {}
    feeds_maps: set[str] = set()
    for row in reversed(summary.layers):
        on_maps = _is_maps(row)
        found[row.path] = _category(row, on_maps or row.path in feeds_maps)
        if on_maps or row.path in feeds_maps:
            feeds_maps.update(row.inputs)
    return found


def _is_maps(row: LayerInfo) -> bool:
    # Maps, or rows of values such as a transformer's.
    return row.shape is not None and len(row.shape) > 1


def _category(row: LayerInfo, inside: bool) -> str:
    kind = KINDS.get(row.kind)
    category = kind.category if kind is not None else _OTHER
    if category != _CLASSIFIER or not inside:
        return category
    return _CONVOLUTION if row.kind == "Dense" else _OTHER
