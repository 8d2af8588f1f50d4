"""What the command palette lists while the panel is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convscope.ui.actions import Command

if TYPE_CHECKING:
    from convscope.ui.panels.patterns.panel import PatternsPanel


def commands(panel: PatternsPanel) -> list[Command]:
    """The panel's commands, those greyed out that cannot be run now."""
    controller, source, controls = panel.controller, panel.source, panel.controls
    ready, growing = bool(panel.objectives), controller.growing
    goes_on = controller.large_state is not None and not growing
    lines = (
        ("start", "Grow the chosen pattern", panel.start_large, "Ctrl+Return", ready),
        ("stop", "Stop growing", controller.stop_large, "", growing),
        ("continue", "Grow on", panel.continue_large, "", goes_on),
        ("rest", "Grow the rest of the grid", controller.go_on, "", controller.holds),
        ("layers", "Patterns of layers", lambda: source.show_source("layers"), "", ready),
        ("classes", "Patterns of classes", lambda: source.show_source("classes"), "", ready),
        ("sheet", "Contact sheet of every layer", lambda: controls.edit(show="sheet"), "", ready),
        ("dream", "DeepDream of the current image", panel.dream, "", ready),
        ("fold", "Show or hide the large pattern", panel.toggle_large, "", ready),
    )
    own = [
        Command(f"patterns.{name}", title, run, keys, "Patterns", on) for name, title, run, keys, on in lines
    ]
    return [*own, *panel.output.commands()]
