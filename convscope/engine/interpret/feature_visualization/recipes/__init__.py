"""The recipes, by name. A new one is one file and one line here."""

from __future__ import annotations

from convscope.engine.interpret.feature_visualization.recipes.base import Recipe
from convscope.engine.interpret.feature_visualization.recipes.classic import Classic
from convscope.engine.interpret.feature_visualization.recipes.clear import Clear

RECIPES: dict[str, Recipe] = {
    "clear": Clear(),
    "classic": Classic(),
}
