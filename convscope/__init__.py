"""convscope: a desktop visual explorer for convolutional networks."""

__version__ = "0.1.0"
