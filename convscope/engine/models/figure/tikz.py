"""A drawing as TikZ: a document of its own that pdflatex, xelatex and lualatex take, with no other package.

Pictures are left out: a frame stands in their place. Letters that LaTeX's usual fonts lack become "?".
"""

from __future__ import annotations

from convscope.engine.models.figure.drawing import (
    DrawnLine,
    DrawnPolygon,
    DrawnText,
    FigureDrawing,
    Shape,
    decimals,
)

_ESCAPED = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "-": "-{}",
    "×": r"$\times$",
    "∝": r"$\propto$",
    "√": r"$\surd$",
    "−": r"$-$",
    "→": r"$\to$",
    "·": r"$\cdot$",
    "…": r"\ldots{}",
    "–": "--",
    "—": "---",
    "’": "'",
}


def write(drawing: FigureDrawing) -> bytes:
    colours = {drawing.ground: "ground"}
    for shape in drawing.shapes:
        for colour in (getattr(shape, "fill", ""), getattr(shape, "line", "")):
            if colour and colour not in colours:
                colours[colour] = f"c{len(colours)}"
    n = decimals
    lines = [
        r"\documentclass[border=0pt]{standalone}",
        r"\usepackage[T1]{fontenc}",
        r"\usepackage{tikz}",
        *(rf"\definecolor{{{name}}}{{HTML}}{{{colour[1:]}}}" for colour, name in colours.items()),
        r"\begin{document}",
        r"\begin{tikzpicture}[x=1bp, y=-1bp, line join=round, inner sep=0pt, outer sep=0pt]",
        rf"\fill[ground] (0,0) rectangle ({n(drawing.width)},{n(drawing.height)});",
        *(_command(shape, colours) for shape in drawing.shapes),
        r"\end{tikzpicture}",
        r"\end{document}",
    ]
    return ("\n".join(lines) + "\n").encode()


def _command(shape: Shape, colours: dict[str, str]) -> str:
    n = decimals
    if isinstance(shape, DrawnPolygon):
        path = " -- ".join(f"({n(x)},{n(y)})" for x, y in shape.points) + " -- cycle;"
        if not shape.line:
            return rf"\fill[{colours[shape.fill]}] {path}"
        draw = f"fill={colours[shape.fill]}, draw={colours[shape.line]}, line width={n(shape.width)}bp"
        return rf"\filldraw[{draw}] {path}"
    if isinstance(shape, DrawnLine):
        places = [f"({n(x)},{n(y)})" for x, y in shape.points]
        if shape.curved:
            path = places[0] + "".join(
                f" .. controls {places[at]} and {places[at + 1]} .. {places[at + 2]}"
                for at in range(1, len(places) - 2, 3)
            )
        else:
            path = " -- ".join(places)
        return rf"\draw[{colours[shape.line]}, line width={n(shape.width)}bp] {path};"
    if isinstance(shape, DrawnText):
        anchor = "base" if shape.anchor == "middle" else "base west"
        size = rf"\fontsize{{{n(shape.size)}}}{{{n(1.2 * shape.size)}}}\selectfont\sffamily"
        bold = r"\bfseries" if shape.bold else ""
        return (
            rf"\node[anchor={anchor}, text={colours[shape.fill]}] at ({n(shape.x)},{n(shape.y)}) "
            rf"{{{size}{bold} {_text(shape.text)}}};"
        )
    place = f"({n(shape.left)},{n(shape.top)}) rectangle +({n(shape.width)},{n(shape.height)})"
    return rf"\draw[line width=0.3bp] {place};"


def _text(text: str) -> str:
    """Letters up to U+017F are in every font of LaTeX."""
    return "".join(
        _ESCAPED.get(letter) or (letter if " " <= letter <= "~" or "\u00c0" <= letter <= "\u017f" else "?")
        for letter in text
    )
