"""Seeing inside a network: feature maps, what filters want, why it decided."""
