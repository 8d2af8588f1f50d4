"""The families of networks that the lectures set side by side."""

from __future__ import annotations

from dataclasses import dataclass

from convscope.engine.models.applications.table import APPLICATIONS
from convscope.engine.models.library.published import ALONE, CONTEST, Figure, of_application


@dataclass(frozen=True)
class Family:
    """One network of the history of convnets.

    Attributes:
        name: "VGG16 (D)".
        year: of its paper.
        depth: layers with weights (convolutions and dense) on the longest way, as papers count them.
        parameters: as published, rounded as there; None where they were not. The paper of GoogLeNet says
            "twelve times fewer than AlexNet"; 4 million is what lectures made of it.
        idea: what it brought, one sentence.
        paper: who and where.
        template: name of the small version to build; "" without.
        application: name of the original in keras.applications, or of the nearest to it; "" without.
    """

    name: str
    year: int
    depth: int
    parameters: float | None
    idea: str
    paper: str
    template: str = ""
    application: str = ""

    @property
    def contest(self) -> Figure | None:
        """Its error as its authors are known for: several networks together; None where there is none."""
        return CONTEST.get(self.name)

    @property
    def alone(self) -> Figure | None:
        """The error of one network; None where nobody published it."""
        return ALONE.get(self.name) or of_application(self.application)


_VGG = "Simonyan, Zisserman: Very deep convolutional networks for large-scale image recognition"

FAMILIES: tuple[Family, ...] = (
    Family(
        "LeNet-5",
        1998,
        5,
        60e3,
        "Convolution and averaging in turns, learned from the pixels to the digit.",
        "LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition",
        "lenet-5",
    ),
    Family(
        "AlexNet",
        2012,
        8,
        60e6,
        "ReLU, dropout, augmentation and two graphics cards: the year that convnets won ImageNet.",
        "Krizhevsky, Sutskever, Hinton: ImageNet classification with deep convolutional neural networks",
    ),
    Family(
        "ZFNet",
        2013,
        8,
        None,
        "AlexNet looked into by deconvolution: smaller first kernels and strides lose less.",
        "Zeiler, Fergus: Visualizing and understanding convolutional networks",
    ),
    Family("VGG A", 2014, 11, 133e6, "Eleven layers of 3×3 convolutions only.", _VGG, "vgg-small"),
    Family("VGG B", 2014, 13, 133e6, "Two convolutions in the first blocks.", _VGG, "vgg-small"),
    Family("VGG C", 2014, 16, 134e6, "1×1 convolutions added: more non-linearity.", _VGG, "vgg-small"),
    Family(
        "VGG16 (D)",
        2014,
        16,
        138e6,
        "3×3 throughout: two see as far as 5×5, three as far as 7×7, with fewer weights.",
        _VGG,
        "vgg-small",
        "VGG16",
    ),
    Family(
        "VGG19 (E)",
        2014,
        19,
        144e6,
        "Three layers more than VGG16: measured alike, its error is within 0.1 % of that one's.",
        _VGG,
        "vgg-small",
        "VGG19",
    ),
    Family(
        "GoogLeNet",
        2014,
        22,
        4e6,
        "The Inception module: windows of several sizes side by side, made cheap by 1×1 convolutions.",
        "Szegedy et al.: Going deeper with convolutions",
        "inception-small",
        "InceptionV3",
    ),
    Family(
        "ResNet-152",
        2015,
        152,
        60e6,
        "The skip connection: each block learns what to add to its input.",
        "He, Zhang, Ren, Sun: Deep residual learning for image recognition",
        "resnet-small",
        "ResNet152",
    ),
    Family(
        "Xception",
        2016,
        APPLICATIONS["Xception"].depth,
        22.9e6,
        "Space and channels convolved apart, by separable convolutions with skips.",
        "Chollet: Xception: deep learning with depthwise separable convolutions",
        "xception-small",
        "Xception",
    ),
    Family(
        "EfficientNet-B7",
        2019,
        APPLICATIONS["EfficientNetB7"].depth,
        66e6,
        "Depth, width and resolution scaled together, on blocks found by search.",
        "Tan, Le: EfficientNet: rethinking model scaling for convolutional neural networks",
        "efficientnet-small",
        "EfficientNetB7",
    ),
)


def original_words(family: str = "", application: str = "") -> tuple[str, ...]:
    """What is told about the full-size network behind a small one, or behind its base; a sentence each.

    Args:
        family: name of one of `FAMILIES`.
        application: name of a network of keras.applications.
    """
    found = next((one for one in FAMILIES if one.name == family), None)
    if found is not None:
        size = f"{found.parameters / 1e6:g} M parameters, " if found.parameters else ""
        errors = [f"alone {found.alone.told}"] if found.alone else []
        errors += [f"in the contest {found.contest.told}"] if found.contest else []
        sentences = [f"Full size: {found.name}, {size}{found.depth} layers with weights."]
        return (*sentences, *([f"Top-5 error on ImageNet: {', '.join(errors)}."] if errors else ()))
    if application not in APPLICATIONS:
        return ()
    row, figure = APPLICATIONS[application], of_application(application)
    size = f"{row.parameters / 1e6:.1f} M parameters, {row.depth} layers with weights"
    error = f" Top-5 error on ImageNet: {figure.told}, by keras.io." if figure else ""
    return (f"{application} with its own classifier: {size}.{error}",)
