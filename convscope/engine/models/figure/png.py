"""A drawing as PNG, two pixels a point; lines are smoothed by drawing them three times as large."""

from __future__ import annotations

from io import BytesIO
from itertools import pairwise

from PIL import Image, ImageDraw, ImageFont

from convscope.core.paths import resource_path
from convscope.engine.models.figure.drawing import (
    DrawnLine,
    DrawnPicture,
    DrawnPolygon,
    DrawnText,
    FigureDrawing,
    Point,
)
from convscope.engine.models.figure.typeface import FACES

SCALE = 2
_FINER = 3
_STEPS = 24  # pieces of a curve


def write(drawing: FigureDrawing) -> bytes:
    size = max(1, round(drawing.width * SCALE)), max(1, round(drawing.height * SCALE))
    fine = SCALE * _FINER
    canvas = Image.new("RGB", (size[0] * _FINER, size[1] * _FINER), drawing.ground)
    pen = ImageDraw.Draw(canvas)
    for shape in drawing.shapes:
        if isinstance(shape, DrawnPolygon):
            places = [(x * fine, y * fine) for x, y in shape.points]
            pen.polygon(places, fill=shape.fill)
            if shape.line:
                # Across the first corner again: a joint there, too.
                pen.line(
                    [*places, *places[:2]], fill=shape.line, width=round(shape.width * fine), joint="curve"
                )
        elif isinstance(shape, DrawnLine):
            places = [(x * fine, y * fine) for x, y in _flat(shape)]
            pen.line(places, fill=shape.line, width=round(shape.width * fine), joint="curve")
        elif isinstance(shape, DrawnPicture):
            left, top = round(shape.left * fine), round(shape.top * fine)
            wide = max(1, round((shape.left + shape.width) * fine) - left)
            high = max(1, round((shape.top + shape.height) * fine) - top)
            picture = Image.fromarray(shape.pixels)
            larger = wide >= picture.width and high >= picture.height
            how = Image.Resampling.NEAREST if larger else Image.Resampling.BOX
            canvas.paste(picture.resize((wide, high), how), (left, top))
    made = canvas.resize(size, Image.Resampling.BOX)
    pen = ImageDraw.Draw(made)
    for shape in drawing.shapes:
        if isinstance(shape, DrawnText):
            face = ImageFont.truetype(
                str(resource_path("fonts", FACES[shape.bold])),
                shape.size * SCALE,
                layout_engine=ImageFont.Layout.BASIC,
            )
            anchor = "ms" if shape.anchor == "middle" else "ls"
            pen.text((shape.x * SCALE, shape.y * SCALE), shape.text, shape.fill, face, anchor)
    buffer = BytesIO()
    made.save(buffer, "PNG", dpi=(72 * SCALE, 72 * SCALE))
    return buffer.getvalue()


def _flat(line: DrawnLine) -> list[Point]:
    if not line.curved:
        return list(line.points)
    found = [line.points[0]]
    for at, end in pairwise(range(0, len(line.points), 3)):
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = line.points[at : end + 1]
        # A straight piece has no bends to be rounded to pixels.
        straight = all(
            abs((x - ax) * (dy - ay) - (y - ay) * (dx - ax)) < 1e-6 for x, y in ((bx, by), (cx, cy))
        )
        for step in (_STEPS,) if straight else range(1, _STEPS + 1):
            t = step / _STEPS
            u = 1 - t
            a, b, c, d = u**3, 3 * u * u * t, 3 * u * t * t, t**3
            found.append((a * ax + b * bx + c * cx + d * dx, a * ay + b * by + c * cy + d * dy))
    return found
