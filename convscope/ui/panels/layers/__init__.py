"""Layers: every feature map of the current image."""
