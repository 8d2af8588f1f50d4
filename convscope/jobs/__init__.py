"""Worker threads: lanes, progress, cancellation, latest-wins."""
