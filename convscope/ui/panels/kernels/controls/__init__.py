"""The left column: the kernel of the selected stage, and how it slides."""
