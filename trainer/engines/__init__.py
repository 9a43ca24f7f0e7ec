"""Engines: where runs are trained, if not in a process beside the worker."""
