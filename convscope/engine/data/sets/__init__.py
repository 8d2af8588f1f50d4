"""The data sets that have a name: one module each, with `TITLE`, `SUMMARY` and `open(task) -> Dataset`."""
