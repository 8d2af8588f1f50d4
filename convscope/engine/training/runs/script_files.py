"""The part of a run's script that reads image files as they were read for the run, with Pillow alone."""

from __future__ import annotations

from convscope.engine.data.dataset import Dataset
from convscope.engine.data.resize import Fit, Target
from convscope.imaging.io.heif import SUFFIXES, heif_lines
from convscope.imaging.io.profile import script_lines

IMPORTS = "from PIL import Image, ImageCms, ImageOps\n"
PHONE_IMPORTS = IMPORTS + "\n".join(heif_lines()) + "\n"
"""Where HEIC is among the files."""

_FITTED: dict[Fit, str] = {
    "stretch": "    return scaled(picture, WIDTH, HEIGHT)",
    "crop": """    ratio = max(WIDTH / picture.width, HEIGHT / picture.height)
    big = scaled(picture, round(picture.width * ratio), round(picture.height * ratio))
    left, top = (big.width - WIDTH) // 2, (big.height - HEIGHT) // 2
    return big.crop((left, top, left + WIDTH, top + HEIGHT))""",
    "pad": """    ratio = min(WIDTH / picture.width, HEIGHT / picture.height)
    small = scaled(picture, max(1, round(picture.width * ratio)), max(1, round(picture.height * ratio)))
    black = Image.new(picture.mode, (WIDTH, HEIGHT))
    black.paste(small, ((WIDTH - small.width) // 2, (HEIGHT - small.height) // 2))
    return black""",
}


def imports(dataset: Dataset) -> str:
    """What the script imports beside NumPy, to read the files of a data set."""
    paths = (dataset.images.path(index) for index in range(len(dataset)))
    phones = any(path is not None and path.suffix.lower()[1:] in SUFFIXES for path in paths)
    return PHONE_IMPORTS if phones else IMPORTS


def file_images(folder: str, target: Target) -> str:
    """`images(indices)` for files, whose paths are relative to a folder.

    Upright, over white, in sRGB, and of the same size as in the run; what is left is rounding, and what the
    decoders of JPEG differ by when they shrink.
    """
    mode = "L" if target.channels == 1 else "RGB"
    profile = "\n".join(f"        {line}" for line in script_lines("RGB"))
    return f'''
FOLDER = Path({folder!r})
HEIGHT, WIDTH = {target.height}, {target.width}


def in_srgb(picture):
    """The colours that the file's profile means, if it has one that serves."""
    if not picture.info.get("icc_profile"):
        return picture
    plain = picture
    try:
{profile}
    except (ImageCms.PyCMSError, KeyError, OSError):
        return plain
    return picture


def opened(path):
    """A file's image: upright, over white, in sRGB."""
    with Image.open(path) as file:
        picture = ImageOps.exif_transpose(file)
    if not picture.has_transparency_data:
        return in_srgb(picture).convert("{mode}")
    clear, white = picture.convert("RGBA"), Image.new("RGB", picture.size, "white")
    white.paste(in_srgb(clear.convert("RGB")), mask=clear.getchannel("A"))
    return white.convert("{mode}")


def scaled(picture, width, height):
    """Bilinear; where it shrinks to less than half, the mean of each area."""
    if 2 * height < picture.height or 2 * width < picture.width:
        return picture.resize((width, height), Image.Resampling.BOX)
    matrix = (picture.width / width, 0, 0, 0, picture.height / height, 0)
    return picture.transform((width, height), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)


def fitted(picture):
    """An image of HEIGHT × WIDTH."""
{_FITTED[target.fit]}


def images(indices):
    """Images as pixels 0-255, float32."""
    files = [FOLDER / str(split["files"][i]) for i in indices]
    pixels = np.stack([np.asarray(fitted(opened(file)), "float32") for file in files])
    return pixels if pixels.ndim == 4 else pixels[..., None]
'''
