"""What was found about one image as one HTML file, pictures and settings in it."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from convscope import __version__
from convscope.core.files import save
from convscope.core.words import percent
from convscope.engine.interpret.attribution.context import AttributionContext
from convscope.engine.interpret.attribution.methods import METHODS
from convscope.engine.interpret.attribution.picture import LEAST, Style, picture, ramp, shared_scales
from convscope.engine.interpret.attribution.result import Attribution
from convscope.engine.interpret.attribution.sanity_checks.agreement import Agreement
from convscope.engine.interpret.attribution.sanity_checks.curves import Curves
from convscope.engine.interpret.attribution.sanity_checks.randomised import RandomisedCheck
from convscope.imaging.lab.display import Scale
from convscope.imaging.numerals import numeral

_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; border-top: 1px solid #8886; padding-top: 1rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
td, th { padding: .15rem .8rem .15rem 0; text-align: left; } .n { text-align: right; }
.maps { display: grid; grid-template-columns: repeat(auto-fill, minmax(20rem, 1fr)); gap: 1.5rem; }
img { width: 100%; image-rendering: auto; } img.small { width: 9rem; } img.bar { height: .7rem;
  background: repeating-conic-gradient(#bbb 0 25%, #fff 0 50%) 0 0 / .7rem .7rem; }
.note { color: #b45309; } .dim { opacity: .7; } svg { max-width: 30rem; }
"""
_WIDTH, _HEIGHT = 320, 180


def report(
    context: AttributionContext,
    attributions: Sequence[Attribution],
    *,
    style: Style | None = None,
    curves: Sequence[Curves] = (),
    randomised: Sequence[RandomisedCheck] = (),
    agreement: Agreement | None = None,
) -> str:
    """A page of HTML that needs no other file and no network: maps, settings, formulas, and the checks.

    Args:
        context: the image before the model.
        attributions: the maps, in their order.
        style: how they are shown; maps of one method share a colour scale.
        curves, randomised, agreement: what was checked.
    """
    style = style or Style()
    parts = [_head(context), _classes(context)]
    if attributions:
        scales = shared_scales(attributions)
        tiles = [
            _map(context, one, style, scale, len(attributions))
            for one, scale in zip(attributions, scales, strict=True)
        ]
        parts.append(f'<h2>Maps</h2><div class="maps">{"".join(tiles)}</div>')
    if curves:
        parts.append(f"<h2>Deletion and insertion</h2>{''.join(_curves(one) for one in curves)}")
        parts.append(f'<p class="dim">{escape(curves[0].note)}</p>')
    if randomised:
        parts.append(f"<h2>Randomised weights</h2>{''.join(_cascade(one, style) for one in randomised)}")
    if agreement is not None:
        parts.append(_agreement(agreement))
    body = "\n".join(parts)
    title = escape(f"{context.image.name} before {context.model.name}")
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body>\n{body}\n</body></html>\n"
    )


def save_report(
    path: Path,
    context: AttributionContext,
    attributions: Sequence[Attribution],
    *,
    style: Style | None = None,
    curves: Sequence[Curves] = (),
    randomised: Sequence[RandomisedCheck] = (),
    agreement: Agreement | None = None,
) -> None:
    """Write `report` whole or not at all.

    Raises:
        UserError: the file cannot be written.
    """
    text = report(
        context, attributions, style=style, curves=curves, randomised=randomised, agreement=agreement
    )
    save(path, text.encode("utf-8"))


def _head(context: AttributionContext) -> str:
    model = context.model
    height, width = context.size
    where = model.source.path or model.source.spec
    facts = (
        f"{escape(model.name)} ({escape(str(where))}, weights: {escape(model.source.weights or 'its own')}), "
        f"input {height}×{width}, preprocessing {escape(model.preprocessing.name)}, convscope {__version__}"
    )
    notes = "".join(
        f'<p class="note">{escape(note)}</p>'
        for note in (*model.notes, *context.prediction.notes, *context.notes)
    )
    source = _image(context.prepared.pixels, "what the network saw", "small")
    return f'<h1>{escape(context.image.name)}</h1><p class="dim">{facts}</p>{notes}<p>{source}</p>'


def _classes(context: AttributionContext) -> str:
    values = context.prediction.is_values
    rows = "".join(
        f'<tr><td class="n">{score.index}</td><td>{escape(score.name)}</td>'
        + ("" if values else f'<td class="n">{percent(score.probability, 2, fixed=True)}</td>')
        + f'<td class="n">{numeral(score.logit) if values else f"{score.logit:.3f}"}</td></tr>'
        for score in (context.prediction.classes if values else context.prediction.top(5))
    )
    names = ("index", "name", "value") if values else ("index", "class", "probability", "logit")
    head = "".join(f"<th>{name}</th>" for name in names)
    return f"<table><tr>{head}</tr>{rows}</table>"


def _map(context: AttributionContext, one: Attribution, style: Style, scale: Scale, count: int) -> str:
    method = METHODS[one.method]
    # A page of many maps stays small; one or two are shown at the image's full size.
    shown = picture(one, style, image=context.image if count <= 2 else None, scale=scale, least=LEAST)
    table = ramp(one, style, scale)[None]
    ends = f"{scale.low:.3g} {_image(table, 'scale', 'bar')} {scale.high:.3g} ({escape(scale.label)})"
    height, width = one.relevance.shape
    lines = [f"map {height}×{width}, score {one.score:.4g}"]
    if one.layer:
        lines.append(f"layer {one.layer}")
    lines += [f"{name} {value}" for name, value in one.settings.items()]
    lines += [f"{name} {value:.4g}" for name, value in one.facts.items()]
    notes = "".join(f'<p class="note">{escape(note)}</p>' for note in one.notes)
    paper = method.paper
    source = (
        f'{escape(paper.authors)} ({paper.year}), <a href="{escape(paper.link)}">{escape(paper.title)}</a>'
    )
    return (
        f"<figure style='margin:0'>{_image(shown, one.title)}<figcaption>"
        f"<b>{escape(one.title)}</b>: {escape(one.target_words)}<br>{ends}<br>"
        f"{escape('; '.join(lines))}{notes}<p><code>{escape(method.formula)}</code></p>"
        f'<p>{escape(method.about)}</p><p class="dim">{source}</p></figcaption></figure>'
    )


def _curves(one: Curves) -> str:
    lines = "".join(
        f'<polyline fill="none" stroke="{colour}" stroke-width="2" '
        f'points="{_points(one.fractions, values, one.range)}"/>'
        for colour, values in (("#2166ac", one.deletion), ("#c2410c", one.insertion))
    )
    box = f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="none" stroke="#888"/>'
    words = (
        f"<b>{escape(one.title)}</b>: deletion (blue, {escape(one.fill)}) area {one.deletion_area:.3f}, "
        f"insertion (orange, {escape(one.start)}) area {one.insertion_area:.3f}"
    )
    return f'<p>{words}</p><svg viewBox="-4 -4 {_WIDTH + 8} {_HEIGHT + 8}">{box}{lines}</svg>'


def _points(fractions: NDArray[np.float32], values: NDArray[np.float32], ends: tuple[float, float]) -> str:
    low, high = ends
    return " ".join(
        f"{x * _WIDTH:.1f},{(1 - min(max((float(y) - low) / (high - low), 0.0), 1.0)) * _HEIGHT:.1f}"
        for x, y in zip(fractions, values, strict=False)
    )


def _cascade(check: RandomisedCheck, style: Style) -> str:
    cells = [f"<td>{_image(picture(check.original, style), 'true weights', 'small')}<br>true weights</td>"]
    cells += [
        f"<td>{_image(picture(step.attribution, style), step.title, 'small')}<br>{escape(step.title)}<br>"
        f"rank {step.rank:.2f}, SSIM {step.ssim:.2f}</td>"
        for step in check.steps
    ]
    name = f"{check.original.title}: {check.original.target_words}"
    return f"<p><b>{escape(name)}</b>: {escape(check.verdict)}</p><table><tr>{''.join(cells)}</tr></table>"


def _agreement(one: Agreement) -> str:
    tables = []
    for words, values in (
        ("Rank correlation", one.rank),
        (f"Overlap of the hottest {percent(one.top)} (intersection over union)", one.overlap),
    ):
        head = "".join(f'<th class="n">{escape(name)}</th>' for name in one.names)
        rows = "".join(
            f"<tr><td>{escape(title)}</td>"
            + "".join(f'<td class="n">{value:.2f}</td>' for value in values[number])
            + "</tr>"
            for number, title in enumerate(one.titles)
        )
        tables.append(f"<h3>{words}</h3><table><tr><th></th>{head}</tr>{rows}</table>")
    return f"<h2>Agreement</h2>{''.join(tables)}"


def _image(pixels: NDArray[np.uint8], words: str, kind: str = "") -> str:
    buffer = io.BytesIO()
    PillowImage.fromarray(np.asarray(pixels)).save(buffer, "PNG")
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    return f'<img class="{kind}" alt="{escape(words)}" src="data:image/png;base64,{data}">'
