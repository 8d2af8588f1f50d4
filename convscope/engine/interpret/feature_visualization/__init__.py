"""Patterns: the image that excites a channel, a neuron, a class or a whole layer most, by gradient ascent."""
