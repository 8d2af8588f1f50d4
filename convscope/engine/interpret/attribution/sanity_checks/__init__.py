"""Is a map true? Measurements that do not take its word for it."""
