"""Top-5 errors on ImageNet as published: each once, with how it was measured and where it stands.

An error falls by a third when several networks answer together, and by a tenth when one network sees several
crops of an image: numbers tell which network is better only where they were measured alike.
"""

from __future__ import annotations

from dataclasses import dataclass

from convscope.engine.models.applications.table import APPLICATIONS


@dataclass(frozen=True)
class Protocol:
    """How an error was measured.

    Attributes:
        networks: how many networks answered together.
        views: what they saw of each image: "1 crop", "10 crops", "whole image" (the network slides over it).
        images: "validation" (50,000 images, open to all) or "test" (of the contest).
    """

    networks: int
    views: str
    images: str

    @property
    def words(self) -> str:
        """ "7 networks, 10 crops"."""
        return f"{self.networks} network{'s' if self.networks > 1 else ''}, {self.views}"


@dataclass(frozen=True)
class Figure:
    """One published number.

    Attributes:
        top5_error: in percent, with the decimals of its source.
        protocol: how it was measured.
        source: where it stands.
    """

    top5_error: float
    protocol: Protocol
    source: str

    @property
    def words(self) -> str:
        """ "6.67 %", "8.0 %"."""
        return error_words(self.top5_error)

    @property
    def told(self) -> str:
        """The number with its protocol: "6.67 % (7 networks, 144 crops)"."""
        return f"{self.words} ({self.protocol.words})"


def error_words(error: float) -> str:
    """Percent as papers write them: one decimal, two where they give two."""
    text = f"{error:.2f}"
    return f"{text.removesuffix('0')} %"


KERAS_IO = Protocol(1, "1 crop", "validation")
"""How all numbers of `applications_table` were measured; keras.io/api/applications lists them."""

_KRIZHEVSKY = "Krizhevsky, Sutskever, Hinton 2012, table 2"
_ZEILER = "Zeiler, Fergus 2013, table 2"
_VGG = "Simonyan, Zisserman 2014, table 3"
_SZEGEDY = "Szegedy et al. 2014, table 3"

CONTEST: dict[str, Figure] = {
    "AlexNet": Figure(15.3, Protocol(7, "10 crops", "test"), _KRIZHEVSKY),
    "ZFNet": Figure(14.8, Protocol(6, "10 crops", "test"), _ZEILER),
    "VGG16 (D)": Figure(
        7.3,
        Protocol(7, "whole image, 3 sizes", "test"),
        "Simonyan, Zisserman 2014, table 6: three of VGG D, two of C and two of E together",
    ),
    "GoogLeNet": Figure(6.67, Protocol(7, "144 crops", "test"), _SZEGEDY),
    "ResNet-152": Figure(
        3.6,
        Protocol(6, "whole image, 5 sizes", "test"),
        "He et al. 2015, table 5: 3.57; two of the six networks have 152 layers",
    ),
}
"""By family: the number that its authors are known for, of several networks together."""

_SCALE = Protocol(1, "whole image", "validation")

ALONE: dict[str, Figure] = {
    "AlexNet": Figure(18.2, Protocol(1, "10 crops", "validation"), _KRIZHEVSKY),
    "ZFNet": Figure(16.5, Protocol(1, "10 crops", "validation"), _ZEILER),
    "VGG A": Figure(10.4, _SCALE, _VGG),
    "VGG B": Figure(9.9, _SCALE, _VGG),
    "VGG C": Figure(8.8, _SCALE, _VGG),
    "VGG16 (D)": Figure(8.1, _SCALE, _VGG),
    "VGG19 (E)": Figure(8.0, _SCALE, _VGG),
    "GoogLeNet": Figure(10.07, KERAS_IO, _SZEGEDY),
    "ResNet-152": Figure(5.71, Protocol(1, "10 crops", "validation"), "He et al. 2015, table 3"),
}
"""By family: one network alone, as its paper measured it."""


def of_application(name: str) -> Figure | None:
    """keras.io's number for a network of `keras.applications`; None where it has none."""
    row = APPLICATIONS.get(name)
    if row is None or row.top5 is None:
        return None
    return Figure(round(100 - row.top5, 1), KERAS_IO, "keras.io/api/applications")


# Their weights saw fourteen million images before they saw ImageNet's: no fair comparison.
_MORE_IMAGES = ("ConvNeXtBase", "ConvNeXtLarge", "ConvNeXtXLarge")


def measured_words(application: str) -> str:
    """How the accuracies in `applications_table` were measured: "1 network, 1 crop (keras.io)"."""
    more = "; trained on ImageNet-21k first" if application in _MORE_IMAGES else ""
    return f"{KERAS_IO.words} (keras.io){more}"
