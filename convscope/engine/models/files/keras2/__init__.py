"""Files that Keras 1 and 2 wrote, as networks of Keras 3; and networks of Keras 3 for Keras 2."""
