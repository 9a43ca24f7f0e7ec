"""The solver in a process that can be killed."""
