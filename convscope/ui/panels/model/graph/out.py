"""A network's graph as a picture: for the clipboard, as PNG, as SVG."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSize
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgGenerator

from convscope.core.errors import UserError
from convscope.core.files import write_whole
from convscope.imaging.io.save import save_png
from convscope.ui import theme
from convscope.ui.panels.model.graph.paint import GraphPicture, paint_graph

SCALE, LONGEST = 2.0, 12_000


def graph_image(picture: GraphPicture) -> QImage:
    """The whole graph at twice its size, if that is not too large."""
    wide, high = picture.layout.width, picture.layout.height
    scale = min(SCALE, LONGEST / max(1.0, wide, high))
    made = QImage(max(1, round(wide * scale)), max(1, round(high * scale)), QImage.Format.Format_RGB888)
    made.fill(QColor(theme.tokens().window))
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(scale, scale)
    paint_graph(painter, picture, 1.0, QRectF(0, 0, wide, high))
    painter.end()
    return made


def graph_svg(picture: GraphPicture) -> bytes:
    """The whole graph as an SVG drawing."""
    whole = QRectF(0, 0, round(picture.layout.width), round(picture.layout.height))
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(QSize(round(whole.width()), round(whole.height())))
    generator.setViewBox(whole)
    generator.setTitle("A network drawn by convscope")
    painter = QPainter(generator)
    painter.fillRect(whole, QColor(theme.tokens().window))
    paint_graph(painter, picture, 1.0, whole)
    painter.end()
    return bytes(data.data())


def save_graph(picture: GraphPicture, path: str) -> None:
    """Write the whole graph, as SVG or PNG by the file's ending; whole or not at all.

    Raises:
        UserError: it cannot be written there.
    """
    target = Path(path)
    if target.suffix.lower() != ".svg":
        image = graph_image(picture)
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
        pixels = rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3)
        save_png(target if target.suffix.lower() == ".png" else f"{path}.png", pixels.copy())
        return
    try:
        write_whole(target, graph_svg(picture))
    except OSError as error:
        raise UserError(f"{target} cannot be written: {error.strerror}.") from error
