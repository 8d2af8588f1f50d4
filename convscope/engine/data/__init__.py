"""Data sets: where images and labels come from, how they are split, and how they reach a network.

Importing this package does not import TensorFlow; only `pipeline` needs it, when a stream is made.
"""
