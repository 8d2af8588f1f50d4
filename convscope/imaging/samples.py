"""The pictures that come with the app."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from convscope.core.errors import UserError
from convscope.core.paths import resource_path
from convscope.imaging.image import Image
from convscope.imaging.io.load import load_image

# file, title, caption; the first is what the app opens on.
_SAMPLES = (
    ("cat.jpg", "Cat", "Fur, whiskers and two sharp eyes: edges in every direction."),
    ("coffee.jpg", "Coffee", "A round cup on grained wood: smooth curves beside straight texture."),
    ("astronaut.jpg", "Astronaut", "A portrait with stripes, folds and a flat background."),
    ("rocket.jpg", "Rocket", "Thin towers against an even sky: lines for line detectors."),
    ("camera.png", "Photographer", "The classic gray photograph of a man with a tripod."),
    ("brick.png", "Brick", "Two directions of edges, and hardly anything between them."),
    ("grass.png", "Grass", "Fine texture in all directions at once."),
    ("gravel.png", "Gravel", "Blobs of one size: for Laplacians and differences of Gaussians."),
    ("zone-plate.png", "Zone plate", "Every frequency and direction once: shows what a kernel lets through."),
    ("checkerboard.png", "Checkerboard", "Only horizontal and vertical edges, and corners."),
    ("text.png", "Text", "Black strokes on white from large to small."),
    ("digit-2.png", "Digit 2", "28×28 from MNIST: small enough to read every pixel."),
    ("digit-3.png", "Digit 3", "28×28 from MNIST: three bows that open to the left."),
    ("digit-7.png", "Digit 7", "28×28 from MNIST: one horizontal and one slanted line."),
    ("digit-8.png", "Digit 8", "28×28 from MNIST: two closed loops."),
    ("garment-tshirt.png", "T-shirt", "28×28 from Fashion-MNIST: stripes for horizontal line detectors."),
    ("garment-trouser.png", "Trousers", "28×28 from Fashion-MNIST: almost only vertical edges."),
    ("garment-shirt.png", "Shirt", "28×28 from Fashion-MNIST: a check of both directions."),
    ("garment-sneaker.png", "Sneaker", "28×28 from Fashion-MNIST: one long low shape."),
    ("garment-bag.png", "Bag", "28×28 from Fashion-MNIST: a box with a loop above."),
    ("garment-boot.png", "Ankle boot", "28×28 from Fashion-MNIST: an upright shaft and a sole."),
)


@dataclass(frozen=True)
class Sample:
    """A picture that comes with the app.

    Attributes:
        name: the file's name without its ending, such as "cat".
        title: what a person calls it.
        path: where it is in this installation.
        caption: one line on what there is to see in it.
    """

    name: str
    title: str
    path: Path
    caption: str


@cache
def samples() -> tuple[Sample, ...]:
    """All of them; the first one is what the app opens on.

    Raises:
        FileNotFoundError: one is missing from this installation.
    """
    return tuple(
        Sample(Path(file).stem, title, resource_path("images", file), caption)
        for file, title, caption in _SAMPLES
    )


def load_sample(name: str) -> Image:
    """Open one by its name, such as "cat".

    Raises:
        UserError: no sample has this name.
    """
    for sample in samples():
        if sample.name == name:
            return load_image(sample.path)
    names = ", ".join(sample.name for sample in samples())
    raise UserError(f"There is no sample called {name!r}: choose one of {names}.")
