"""Why a network decided: maps of what in the image spoke for a class, and whether they tell the truth."""
