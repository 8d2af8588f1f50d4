"""A map as a Python script that needs Keras, NumPy and Pillow alone."""
