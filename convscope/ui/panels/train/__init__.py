"""Train a network: settings, the run as it goes, and what came of it."""
