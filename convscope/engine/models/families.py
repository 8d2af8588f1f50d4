"""The families of networks that the lectures set side by side."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """One network of the history of convnets.

    Attributes:
        name: "VGG16 (D)".
        year: of its paper.
        depth: layers with weights, as its paper counts them; None where it does not.
        parameters: as published, rounded as there; None where they were not.
        top5_error: on ImageNet, in percent, as published; of VGG A, B, C and E for one network at one scale,
            of the others as they took part in the contest or as in their papers; None for LeNet.
        idea: what it brought, one sentence.
        paper: who and where.
        template: name of the small version to build; "" without.
        application: name of the original in keras.applications; "" without.
    """

    name: str
    year: int
    depth: int | None
    parameters: float | None
    top5_error: float | None
    idea: str
    paper: str
    template: str = ""
    application: str = ""


_VGG = "Simonyan, Zisserman: Very deep convolutional networks for large-scale image recognition"

FAMILIES: tuple[Family, ...] = (
    Family(
        "LeNet-5",
        1998,
        5,
        60e3,
        None,
        "Convolution and averaging in turns, learned from the pixels to the digit.",
        "LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition",
        "lenet-5",
    ),
    Family(
        "AlexNet",
        2012,
        8,
        60e6,
        15.3,
        "ReLU, dropout, augmentation and two graphics cards: the year that convnets won ImageNet.",
        "Krizhevsky, Sutskever, Hinton: ImageNet classification with deep convolutional neural networks",
    ),
    Family(
        "ZFNet",
        2013,
        8,
        None,
        14.8,
        "AlexNet looked into by deconvolution: smaller first kernels and strides lose less.",
        "Zeiler, Fergus: Visualizing and understanding convolutional networks",
    ),
    Family("VGG A", 2014, 11, 133e6, 10.4, "Eleven layers of 3×3 convolutions only.", _VGG, "vgg-small"),
    Family("VGG B", 2014, 13, 133e6, 9.9, "Two convolutions in the first blocks.", _VGG, "vgg-small"),
    Family("VGG C", 2014, 16, 134e6, 8.8, "1×1 convolutions added: more non-linearity.", _VGG, "vgg-small"),
    Family(
        "VGG16 (D)",
        2014,
        16,
        138e6,
        7.3,
        "3×3 throughout: two see as far as 5×5, three as far as 7×7, with fewer weights.",
        _VGG,
        "vgg-small",
        "VGG16",
    ),
    Family("VGG19 (E)", 2014, 19, 144e6, 8.0, "Deeper still, and hardly better.", _VGG, "vgg-small", "VGG19"),
    Family(
        "GoogLeNet",
        2014,
        22,
        4e6,
        6.67,
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
        3.6,
        "The skip connection: each block learns what to add to its input.",
        "He, Zhang, Ren, Sun: Deep residual learning for image recognition",
        "resnet-small",
        "ResNet152",
    ),
    Family(
        "Xception",
        2016,
        36,
        22.9e6,
        5.5,
        "Space and channels convolved apart, by separable convolutions with skips.",
        "Chollet: Xception: deep learning with depthwise separable convolutions",
        "xception-small",
        "Xception",
    ),
    Family(
        "EfficientNet-B7",
        2019,
        None,
        66e6,
        2.9,
        "Depth, width and resolution scaled together, on blocks found by search.",
        "Tan, Le: EfficientNet: rethinking model scaling for convolutional neural networks",
        "efficientnet-small",
        "EfficientNetB7",
    ),
)
