"""Opening model files: looked through first, mended where an older Keras wrote them, then built."""
