"""A drawing as SVG: text stays text, pictures are inside."""

from __future__ import annotations

import base64
import re
from io import BytesIO
from xml.sax.saxutils import escape

from PIL import Image

from convscope.engine.models.figure.drawing import (
    DrawnLine,
    DrawnPicture,
    DrawnPolygon,
    DrawnText,
    FigureDrawing,
    Shape,
    decimals,
)

# What printable text may hold and XML may not.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def write(drawing: FigureDrawing) -> bytes:
    width, height = decimals(drawing.width), decimals(drawing.height)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}pt" height="{height}pt" '
        f'viewBox="0 0 {width} {height}" font-family="Inter, Helvetica, Arial, sans-serif">'
    )
    ground = f'<rect width="{width}" height="{height}" fill="{drawing.ground}"/>'
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', head, ground, *map(_element, drawing.shapes), "</svg>"]
    return ("\n".join(lines) + "\n").encode()


def _element(shape: Shape) -> str:
    n = decimals
    if isinstance(shape, DrawnPolygon):
        points = " ".join(f"{n(x)},{n(y)}" for x, y in shape.points)
        line = f' stroke="{shape.line}" stroke-width="{n(shape.width)}"' if shape.line else ""
        return f'<polygon points="{points}" fill="{shape.fill}"{line} stroke-linejoin="round"/>'
    if isinstance(shape, DrawnLine):
        places = [f"{n(x)} {n(y)}" for x, y in shape.points]
        path = f"M{places[0]} {'C' if shape.curved else 'L'}{' '.join(places[1:])}"
        return f'<path d="{path}" fill="none" stroke="{shape.line}" stroke-width="{n(shape.width)}"/>'
    if isinstance(shape, DrawnText):
        weight = ' font-weight="600"' if shape.bold else ""
        anchor = "" if shape.anchor == "start" else f' text-anchor="{shape.anchor}"'
        text = escape(_FORBIDDEN.sub("\ufffd", shape.text))
        return (
            f'<text x="{n(shape.x)}" y="{n(shape.y)}" font-size="{n(shape.size)}"{weight}{anchor} '
            f'fill="{shape.fill}">{text}</text>'
        )
    return _picture(shape)


def _picture(shape: DrawnPicture) -> str:
    n, buffer = decimals, BytesIO()
    Image.fromarray(shape.pixels).save(buffer, "PNG")
    return (
        f'<image x="{n(shape.left)}" y="{n(shape.top)}" width="{n(shape.width)}" height="{n(shape.height)}" '
        'preserveAspectRatio="none" style="image-rendering: pixelated" '
        f'href="data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"/>'
    )
