"""Networks to start from. A new one is a file here and a word in the list below."""

from __future__ import annotations

from convscope.engine.models.builder.templates import (
    cats_dogs,
    efficientnet,
    inception,
    lenet,
    mlp,
    mnist,
    resnet,
    transfer,
    vgg,
    xception,
)
from convscope.engine.models.builder.templates.draft import Draft, Template

_MODULES = (mnist, lenet, mlp, cats_dogs, transfer, vgg, inception, resnet, xception, efficientnet)

TEMPLATES: dict[str, Template] = {
    template.name: template for module in _MODULES for template in module.TEMPLATES
}

__all__ = ["TEMPLATES", "Draft", "Template"]
