"""The data sets that have a name: one module each, with `TITLE`, `SUMMARY` and `open(task) -> Dataset`;
those that are not shipped have a `SET` that downloads them."""
