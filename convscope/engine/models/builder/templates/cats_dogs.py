"""The lectures' cats-and-dogs networks (150×150, colour, one sigmoid unit)."""

from __future__ import annotations

from convscope.engine.models.builder.architecture import Architecture
from convscope.engine.models.builder.templates.draft import Draft, Template

_CLASSES = ("cat", "dog")


def _convnet(name: str, dropout: bool) -> Architecture:
    draft = Draft(name, (150, 150, 3))
    for filters in (32, 64, 128, 128):
        draft.conv(filters, activation="relu")
        draft.add("MaxPooling2D")
    draft.add("Flatten")
    if dropout:
        draft.add("Dropout", rate=0.5)
    draft.add("Dense", units=512, activation="relu")
    draft.add("Dense", units=1, activation="sigmoid")
    return draft.done


def _vgg16() -> Architecture:
    draft = Draft("vgg16-cats-dogs", (150, 150, 3))
    draft.add("Base", name="vgg16", application="VGG16", weights="imagenet", trainable=False)
    draft.add("Flatten")
    draft.add("Dense", units=256, activation="relu")
    draft.add("Dense", units=1, activation="sigmoid")
    return draft.done


TEMPLATES = (
    Template(
        "cats-dogs",
        "Cats and dogs 32-64-128-128",
        "Four convolutions with pooling, 512 units, one sigmoid: from scratch it overfits.",
        lambda: _convnet("cats-dogs", dropout=False),
        recipe="RMSprop 1e-4, binary cross-entropy, batch 20, 30 epochs.",
        classes=_CLASSES,
    ),
    Template(
        "cats-dogs-dropout",
        "Cats and dogs with dropout",
        "The same with half of the values dropped before the dense layers, against overfitting.",
        lambda: _convnet("cats-dogs-dropout", dropout=True),
        recipe="RMSprop 1e-4, augmentation, batch 32, 100 epochs.",
        classes=_CLASSES,
    ),
    Template(
        "vgg16-cats-dogs",
        "VGG16 base, classifier 256-1",
        "A pretrained base, frozen: of 16,812,353 parameters 2,097,665 learn, 4 tensors instead of 30.",
        _vgg16,
        year=2014,
        paper="Simonyan, Zisserman: Very deep convolutional networks for large-scale image recognition",
        application="VGG16",
        recipe="RMSprop 2e-5, then fine-tuned from block5_conv1 with 1e-5: on photographs of cats and dogs "
        "about 90 % with features extracted once, 96 % frozen with augmentation, 97 % fine-tuned.",
        classes=_CLASSES,
    ),
)
