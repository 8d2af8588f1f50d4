"""Colours, type, measures and icons: one place, so that light and dark are the same design."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeVar

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QAction, QColor, QFont, QFontDatabase, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget

from convscope.core.files import replacing
from convscope.core.paths import cache_dir, resource_path
from convscope.ui import rescale, restyle

ThemeChoice = Literal["system", "light", "dark"]

GRID = 4
GAP = 8
GROUP_GAP = 12
NAVIGATION = 72
RADIUS = 6


@dataclass(frozen=True)
class Tokens:
    """The colours of one theme, as #RRGGBB."""

    dark: bool
    window: str
    panel: str
    raised: str
    line: str
    text: str
    secondary: str
    disabled: str
    accent: str
    on_accent: str
    good: str
    warning: str
    bad: str
    negative: str = "#2166AC"
    positive: str = "#C2410C"

    @property
    def neutral(self) -> str:
        """The middle of the signed scale."""
        return "#1C2027" if self.dark else "#FFFFFF"

    def signed(self, value: float, limit: float) -> QColor:
        """The colour of a weight between −limit and limit: blue below 0, orange above, full at the ends."""
        share = 0.0 if limit <= 0 else max(-1.0, min(1.0, value / limit))
        end, middle = QColor(self.positive if share >= 0 else self.negative), QColor(self.neutral)
        weight = abs(share)
        return QColor(
            *(
                round(m + (e - m) * weight)
                for m, e in zip(middle.getRgb()[:3], end.getRgb()[:3], strict=True)  # type: ignore[index]
            )
        )


LIGHT = Tokens(
    False, "#F6F7F9", "#FFFFFF", "#FFFFFF", "#E3E6EB", "#1A1D23", "#5B6472", "#A2AAB6",
    "#2563EB", "#FFFFFF", "#15803D", "#B45309", "#B91C1C",
)  # fmt: skip
DARK = Tokens(
    True, "#15181D", "#1C2027", "#232831", "#2E343F", "#E8EBF0", "#9AA4B2", "#5E6774",
    "#7AA7FF", "#10141B", "#4ADE80", "#FBBF24", "#F87171",
)  # fmt: skip

# Okabe–Ito: eight colours that colour-blind eyes can tell apart; one a run, a channel or a series.
SERIES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")


def tokens() -> Tokens:
    """The theme in force: the one whose window colour the application's palette has."""
    return DARK if QApplication.palette().color(QPalette.ColorRole.Window).lightness() < 128 else LIGHT


def load_fonts() -> None:
    """Register the shipped typefaces; needed once an application."""
    for path in sorted(resource_path("fonts").glob("*.ttf")):
        QFontDatabase.addApplicationFont(str(path))


def font(
    size: float = 13,
    *,
    weight: QFont.Weight = QFont.Weight.Normal,
    mono: bool = False,
    figures: bool = False,
) -> QFont:
    """Inter, or JetBrains Mono for matrices, in design pixels; it grows with the window's zoom.

    Args:
        figures: all digits are equally wide, for numbers that stand in columns or change while one looks.
            Not for words: Inter makes the hyphen as wide as a digit then.
    """
    made = QFont("JetBrains Mono" if mono else "Inter")
    made.setPixelSize(max(8, round(size * zoom())))
    made.setWeight(weight)
    if figures:
        made.setFeature(QFont.Tag("tnum"), 1)
    return made


def strong(words: str) -> str:
    """Words of rich text in semibold, which Inter is shipped in: bold is not, and Qt would smear it."""
    return f'<span style="font-weight:600">{words}</span>'


Words = TypeVar("Words", bound=QWidget)


def with_figures(widget: Words) -> Words:
    """Give a widget digits of one width, and leave its type as it is else. Returns it."""
    own = QFont()
    own.setFeature(QFont.Tag("tnum"), 1)
    widget.setFont(own)
    return widget


_zoom = 1.0


def zoom() -> float:
    """How much the person has enlarged the window: 1.0 as designed."""
    return _zoom


def scaled(pixels: float) -> int:
    """A design measure at the zoom in force."""
    return round(pixels * _zoom)


def apply(choice: ThemeChoice = "system", zoom_factor: float = 1.0) -> Tokens:
    """Give the running application its palette, typeface and style sheet. Returns the theme in force."""
    global _zoom
    old, _zoom = _zoom, zoom_factor
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    system_dark = app.styleHints().colorScheme() == Qt.ColorScheme.Dark
    dark = system_dark if choice == "system" else choice == "dark"
    theme = DARK if dark else LIGHT
    changed = app.palette().color(QPalette.ColorRole.Window) != QColor(theme.window)
    awake = restyle.sleep_hidden(old, _wake)
    # The style sheet gives every widget the font back that it was made with: at another zoom that is another.
    own_fonts = rescale.fonts(awake, old) if (old, _zoom) != (1.0, 1.0) else []
    _measure(awake, old)
    restyle.measure(_zoom, _measure, None)
    app.setPalette(_palette(theme))
    app.setFont(font())
    # Qt restyles a widget once for each of its ancestors when one sheet follows another, but only once when
    # a sheet is taken away or is the first: a fifth of the time, in a window with all panels.
    with restyle.untold(awake):
        app.setStyleSheet("")
        if app.style().name() != "fusion":
            app.setStyle("Fusion")
    app.setStyleSheet(_style_sheet(theme))
    rescale.give_fonts(own_fonts, _zoom)
    if changed:
        _retint(awake)
    return theme


def rest(part: QWidget) -> None:
    """A part of the window was hidden some time ago: the next change of theme or zoom passes by it."""
    restyle.rest(part, _zoom, _wake)


def about_to_show(part: QWidget) -> None:
    """A part that was left is laid out in the measures of the zoom in force."""
    restyle.measure(_zoom, _measure, part)


def _measure(widgets: Iterable[QWidget], old: float) -> None:
    rescale.measures(widgets, old, _zoom)


def _wake(woken: restyle.Woken) -> None:
    """Give what was hidden the theme and the zoom in force."""
    own_fonts = rescale.fonts(woken.slept, woken.zoom)
    _measure(woken.slept, woken.measures)
    restyle.polish(woken.late)
    rescale.give_fonts(own_fonts, _zoom)
    _retint(woken.late)


def _retint(widgets: Iterable[QWidget]) -> None:
    """Draw the icons of these again; one in a colour of the other theme takes its counterpart."""
    theme, other = (DARK, LIGHT) if tokens().dark else (LIGHT, DARK)
    counterparts = {
        getattr(other, name): getattr(theme, name)
        for name in ("text", "secondary", "disabled", "accent", "on_accent", "good", "warning", "bad")
    }
    holders: list[QAbstractButton | QAction] = []
    for widget in widgets:
        if isinstance(widget, QAbstractButton):
            holders.append(widget)
        # A panel lists commands of its own under the same name.
        holders += (action for action in widget.actions() if isinstance(action, QAction))
    for holder in holders:
        known = _icon_names.get(holder.icon().cacheKey())
        if known is not None:
            name, colour = known
            holder.setIcon(icon(name, None if colour is None else counterparts.get(colour, colour)))


def _palette(theme: Tokens) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for name, colour in (
        (role.Window, theme.window),
        (role.Base, theme.panel),
        (role.AlternateBase, theme.window),
        (role.Button, theme.raised),
        (role.WindowText, theme.text),
        (role.Text, theme.text),
        (role.ButtonText, theme.text),
        (role.BrightText, theme.bad),
        (role.ToolTipBase, theme.raised),
        (role.ToolTipText, theme.text),
        (role.PlaceholderText, theme.secondary),
        (role.Highlight, theme.accent),
        (role.HighlightedText, theme.on_accent),
        (role.Link, theme.accent),
        (role.Accent, theme.accent),
        (role.Mid, theme.line),
        (role.Light, theme.line),
        (role.Midlight, theme.line),
        (role.Dark, theme.line),
    ):
        palette.setColor(name, QColor(colour))
    for name in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, name, QColor(theme.disabled))
    return palette


def _style_sheet(theme: Tokens) -> str:
    chevron = icon_file("chevron-down", theme.secondary)
    chevron_up = icon_file("chevron-up", theme.secondary)
    tick, tick_chosen = icon_file("check", theme.on_accent), icon_file("check", theme.accent)
    cross = icon_file("x", theme.secondary)
    hover = "#2E343F" if theme.dark else "#EEF1F5"
    return f"""
    QToolTip {{ background: {theme.raised}; color: {theme.text}; border: 1px solid {theme.line};
        padding: 4px; }}
    QWidget[role="panel"] {{ background: {theme.panel}; }}
    QFrame[role="raised"] {{ background: {theme.raised}; border: 1px solid {theme.line};
        border-radius: {RADIUS}px; }}
    QFrame[role="line"] {{ background: {theme.line}; border: none; max-height: 1px; min-height: 1px; }}
    QLabel[role="title"] {{ font-size: {scaled(15)}px; font-weight: 600; }}
    QLabel[role="heading"] {{ font-size: {scaled(11)}px; font-weight: 600; color: {theme.secondary}; }}
    QLabel[role="caption"] {{ font-size: {scaled(11)}px; color: {theme.secondary}; }}
    QLabel[role="warning"] {{ font-size: {scaled(12)}px; color: {theme.warning}; }}
    QPushButton, QToolButton {{ background: {theme.raised}; border: 1px solid {theme.line};
        border-radius: {RADIUS}px; padding: 4px 10px; min-height: {scaled(18)}px;
        icon-size: {scaled(17)}px; }}
    QToolButton {{ padding: 4px 6px; }}
    QToolButton[toolButtonStyle="2"] {{ padding: 4px 3px 4px 8px; }}
    QToolButton[popupMode="1"] {{ padding-right: {scaled(18) + 2}px; }}
    QToolButton[popupMode="2"][toolButtonStyle="2"] {{ padding-right: {scaled(12) + 4}px; }}
    QToolButton[dense="true"] {{ padding: 1px 6px; }}
    QToolButton[flat="true"] {{ background: transparent; border-color: transparent; }}
    QToolButton[role="link"] {{ background: transparent; border: none; padding: 4px 0px; }}
    QToolButton[role="fold"] {{ background: transparent; border: none; padding: 0px;
        min-height: {scaled(13)}px; icon-size: {scaled(12)}px; font-size: {scaled(11)}px; font-weight: 600;
        color: {theme.secondary}; }}
    QPushButton:hover, QToolButton:hover {{ background: {hover}; }}
    QPushButton:pressed, QToolButton:pressed {{ background: {theme.line}; }}
    QPushButton:checked, QToolButton:checked {{ background: {theme.accent}; color: {theme.on_accent};
        border-color: {theme.accent}; }}
    QPushButton[role="primary"] {{ background: {theme.accent}; color: {theme.on_accent};
        border-color: {theme.accent}; font-weight: 600; }}
    QPushButton:focus, QToolButton:focus, QComboBox:focus, QSpinBox:focus, QDoubleSpinBox:focus,
    QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QListWidget:focus, QTreeView:focus,
    QTableView:focus {{ border: 1px solid {theme.accent}; }}
    QPushButton:checked:focus, QToolButton:checked:focus, QPushButton[role="primary"]:focus {{
        border: 1px solid {theme.text}; }}
    QToolButton[ring="true"] {{ border: 2px solid {theme.text}; padding: 3px 5px; }}
    QListView[role="strip"] {{ border: 1px solid transparent; border-radius: {RADIUS}px; }}
    QListView[role="strip"]:focus {{ border-color: {theme.accent}; }}
    QPushButton:disabled, QToolButton:disabled {{ color: {theme.disabled}; }}
    QPushButton[role="primary"]:disabled {{ background: {theme.raised}; border-color: {theme.line}; }}
    QToolButton::menu-indicator {{ image: none; }}
    QToolButton[popupMode="2"][toolButtonStyle="2"]::menu-indicator {{ image: url({chevron});
        width: {scaled(12)}px; height: {scaled(12)}px;
        subcontrol-origin: border; subcontrol-position: right center; right: 6px; }}
    QToolButton::menu-button {{ border: none; width: {scaled(18)}px; }}
    QToolButton::menu-arrow {{ image: url({chevron}); width: {scaled(12)}px; height: {scaled(12)}px; }}
    QComboBox, QSpinBox, QDoubleSpinBox, QLineEdit {{ background: {theme.panel};
        border: 1px solid {theme.line};
        border-radius: {RADIUS}px; padding: 3px 6px; min-height: {scaled(20)}px;
        selection-background-color: {theme.accent}; }}
    QDoubleSpinBox[dense="true"] {{ padding: 1px 6px; min-height: {scaled(18)}px; }}
    QLineEdit {{ lineedit-clear-button-icon: url({cross}); }}
    QLineEdit > QToolButton {{ background: transparent; border: none; padding: 0; min-height: 0; }}
    QComboBox::drop-down {{ border: none; width: {scaled(20)}px; }}
    QComboBox::down-arrow {{ image: url({chevron}); width: {scaled(12)}px; height: {scaled(12)}px; }}
    QSpinBox::up-button, QDoubleSpinBox::up-button {{ border: none; width: {scaled(16)}px;
        subcontrol-origin: border; subcontrol-position: top right; }}
    QSpinBox::down-button, QDoubleSpinBox::down-button {{ border: none; width: {scaled(16)}px;
        subcontrol-origin: border; subcontrol-position: bottom right; }}
    QSpinBox::up-arrow, QDoubleSpinBox::up-arrow {{ image: url({chevron_up});
        width: {scaled(10)}px; height: {scaled(10)}px; }}
    QSpinBox::down-arrow, QDoubleSpinBox::down-arrow {{ image: url({chevron});
        width: {scaled(10)}px; height: {scaled(10)}px; }}
    QComboBox QAbstractItemView {{ background: {theme.raised}; border: 1px solid {theme.line}; outline: none;
        selection-background-color: {theme.accent}; selection-color: {theme.on_accent}; }}
    QPlainTextEdit, QTextEdit, QListWidget, QTreeView, QTableView {{ background: {theme.panel};
        border: 1px solid {theme.line}; border-radius: {RADIUS}px;
        selection-background-color: {theme.accent}; selection-color: {theme.on_accent}; }}
    QTreeView::item {{ padding: 3px 4px; }}
    QHeaderView::section {{ background: {theme.panel}; border: none; border-bottom: 1px solid {theme.line};
        padding: 4px; color: {theme.secondary}; }}
    QTableCornerButton::section {{ background: {theme.panel}; border: none; }}
    QCheckBox::indicator, QAbstractItemView::indicator {{ width: {scaled(14)}px; height: {scaled(14)}px;
        background: {theme.panel}; border: 1px solid {theme.disabled}; border-radius: 4px; }}
    QCheckBox::indicator:checked, QAbstractItemView::indicator:checked {{ background: {theme.accent};
        border-color: {theme.accent}; image: url({tick}); }}
    QAbstractItemView::indicator:selected {{ background: transparent; border-color: {theme.on_accent}; }}
    QAbstractItemView::indicator:selected:checked {{ background: {theme.on_accent};
        image: url({tick_chosen}); }}
    QCheckBox::indicator:hover, QCheckBox::indicator:focus {{ border-color: {theme.accent}; }}
    QCheckBox::indicator:checked:focus {{ border-color: {theme.text}; }}
    QCheckBox::indicator:disabled {{ border-color: {theme.line}; background: {theme.window}; }}
    QCheckBox {{ spacing: {scaled(6)}px; }}
    QSlider::groove:horizontal {{ height: 4px; background: {theme.line}; border-radius: 2px; }}
    QSlider::sub-page:horizontal {{ background: {theme.accent}; border-radius: 2px; }}
    QSlider::handle:horizontal {{ background: {theme.accent}; width: 14px; margin: -5px 0;
        border-radius: 7px; }}
    QSlider::handle:horizontal:focus {{ border: 2px solid {theme.text}; }}
    QProgressBar {{ background: {theme.line}; border: none; border-radius: 3px; max-height: 6px; }}
    QProgressBar::chunk {{ background: {theme.accent}; border-radius: 3px; }}
    QScrollArea {{ border: none; background: transparent; }}
    QScrollBar:vertical {{ width: 10px; background: transparent; }}
    QScrollBar:horizontal {{ height: 10px; background: transparent; }}
    QScrollBar::handle {{ background: {theme.line}; border-radius: 4px; min-height: 24px; min-width: 24px; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
    QSplitter::handle {{ background: transparent; }}
    QMenu {{ background: {theme.raised}; border: 1px solid {theme.line}; padding: 4px; }}
    QMenu::item {{ padding: 5px 24px 5px 10px; border-radius: 4px; }}
    QMenu::item:selected {{ background: {theme.accent}; color: {theme.on_accent}; }}
    QMenu::item:disabled {{ color: {theme.disabled}; }}
    QTabBar::tab {{ padding: 5px 12px; border: none; border-bottom: 2px solid transparent;
        color: {theme.secondary}; }}
    QTabBar::tab:selected {{ color: {theme.text}; border-bottom-color: {theme.accent}; font-weight: 600; }}
    QTabWidget::pane {{ border: none; }}
    """


@lru_cache(maxsize=256)
def _drawn(name: str, pixels: int) -> QPixmap:
    """An icon's lines, in black."""
    source = resource_path("icons", f"{name}.svg").read_bytes().replace(b"currentColor", b"#000000")
    pixmap = QPixmap(pixels, pixels)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(source)).render(painter, QRectF(0, 0, pixels, pixels))
    painter.end()
    return pixmap


@lru_cache(maxsize=1024)
def _tinted(name: str, colour: str, pixels: int) -> QPixmap:
    # Reading and drawing the lines takes fifty times as long as giving them a colour.
    pixmap = QPixmap(_drawn(name, pixels))
    painter = QPainter(pixmap)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
    painter.fillRect(pixmap.rect(), QColor(colour))
    painter.end()
    return pixmap


def icon(name: str, colour: str | None = None) -> QIcon:
    """A shipped line icon in the theme's text colour (or another), with its disabled and checked tints.

    One that a button or an action shows is drawn again when the theme changes.
    """
    return _made_icon(name, colour, tokens())


# By QIcon.cacheKey, so that a changed theme finds the name of an icon that is already on a button.
_icon_names: dict[int, tuple[str, str | None]] = {}


@lru_cache(maxsize=512)
def _made_icon(name: str, colour: str | None, theme: Tokens) -> QIcon:
    made = QIcon()
    for size in (20, 40):
        made.addPixmap(_tinted(name, colour or theme.text, size))
        made.addPixmap(_tinted(name, theme.disabled, size), QIcon.Mode.Disabled)
        made.addPixmap(_tinted(name, theme.on_accent, size), QIcon.Mode.Normal, QIcon.State.On)
    _icon_names[made.cacheKey()] = (name, colour)
    return made


def icon_file(name: str, colour: str) -> str:
    """A tinted icon as a file, since style sheets take pictures by path only. Forward slashes."""
    folder = cache_dir() / "icons"
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-{colour.lstrip('#')}.png"
    if not path.exists():
        # Where the disk is full, the window has a mark less.
        with contextlib.suppress(OSError), replacing(path) as part:
            _tinted(name, colour, 24).save(str(part), "PNG")
    return path.as_posix()


def label(text: str, role: str, parent: QWidget | None = None) -> QLabel:
    """A QLabel in one of the style sheet's roles: title, heading, caption, warning."""
    made = QLabel(text, parent)
    made.setProperty("role", role)
    return made
