"""The recipes, by name. A new one is one file and one line here."""

from __future__ import annotations

from convscope.engine.seeing.patterns.recipes.base import Recipe
from convscope.engine.seeing.patterns.recipes.classic import Classic
from convscope.engine.seeing.patterns.recipes.clear import Clear

RECIPES: dict[str, Recipe] = {
    "clear": Clear(),
    "classic": Classic(),
}
