"""An opened model taken into the builder: its layers to start from, and its weights for what is built."""
