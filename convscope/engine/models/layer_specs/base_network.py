"""A whole pretrained network without its classifier, used as one layer of another: `keras.applications`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convscope.core.parameter import parameter, plain
from convscope.engine.models.applications.table import APPLICATIONS, Application, shrunk
from convscope.engine.models.layer_specs.base import (
    Config,
    LayerKind,
    LayerPlace,
    Parameters,
    Shape,
    ShapeError,
    Window,
    formula,
    need_map,
)


def _application(config: Config) -> Application:
    application = APPLICATIONS.get(str(config["application"]))
    if application is None:
        raise ShapeError(f"{config['application']} is not one of keras.applications")
    return application


def _shape(config: Config, shapes: Sequence[Shape]) -> Shape:
    application = _application(config)
    height, width, channels = need_map(shapes[0], application.name)
    if channels != 3:
        raise ShapeError(f"{application.name} takes colour images (3 channels), not {channels}")
    least = application.smallest
    if (height is not None and height < least) or (width is not None and width < least):
        raise ShapeError(f"{application.name} needs images of at least {least}×{least}, not {height}×{width}")
    return shrunk(application, height), shrunk(application, width), application.channels


def _parameters(config: Config, shapes: Sequence[Shape]) -> Parameters:
    application = _application(config)
    total, trained = application.base_parameters, application.base_trained
    return Parameters(trained, total - trained, formula(f"{application.name} without its classifier", total))


def _work(config: Config, shapes: Sequence[Shape], output: Shape) -> int | None:
    # Counted layer by layer once it is built: a sum over hundreds of layers says nothing here.
    return None


def _window(config: Config, shapes: Sequence[Shape]) -> Window | None:
    return None


def _build(name: str, settings: Config, place: LayerPlace) -> Any:
    from convscope.engine.models.applications.build import build_application

    base = build_application(
        settings["application"],
        weights="imagenet" if settings["weights"] == "imagenet" else None,
        include_top=False,
        input_shape=place.shape,
        layer_name=name,
        fetch=place.fetch,
        task=place.task,
    )
    base.trainable = settings["trainable"]
    return base


def _code(variable: str, name: str, settings: Config, shape: Shape) -> list[str]:
    weights = '"imagenet"' if settings["weights"] == "imagenet" else "None"
    return [
        f"{variable} = keras.applications.{settings['application']}(",
        f"    weights={weights}, include_top=False, input_shape={shape!r}, name={name}",
        ")",
        f"{variable}.trainable = {settings['trainable']}",
    ]


KINDS = (
    LayerKind(
        "Base",
        "Pretrained",
        "A network of keras.applications without its classifier.",
        (
            parameter("application", "VGG16", choices=plain(*APPLICATIONS), required=True),
            parameter("weights", "imagenet", choices=plain("imagenet", "random"), required=True),
            parameter("trainable", False, required=True),
        ),
        _shape,
        _parameters,
        _work,
        _window,
        in_keras2=False,
        title="Pretrained base",
        build=_build,
        code=_code,
    ),
)
