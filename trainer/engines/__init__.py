"""Engines: where runs are trained, other than in a process beside the worker."""
