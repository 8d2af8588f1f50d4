"""The whole network at once, as pictures, from the image to the answer."""
