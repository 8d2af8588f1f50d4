"""Charts: one themed set-up, with the same gestures on all of them."""
