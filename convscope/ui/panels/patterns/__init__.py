"""Feature visualization: what a filter, a unit or a class wants to see."""
