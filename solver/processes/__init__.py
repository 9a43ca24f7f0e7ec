"""Child processes that solve and can be killed."""
