"""The kernel lab."""
