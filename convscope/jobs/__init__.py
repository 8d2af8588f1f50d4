"""Worker threads: lanes, progress, cancellation, latest-wins."""

from convscope.jobs.job import Job
from convscope.jobs.jobs import Jobs

__all__ = ["Job", "Jobs"]
