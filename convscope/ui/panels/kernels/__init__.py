"""The kernel lab: one picture through a chain of kernels, and every number of it."""
