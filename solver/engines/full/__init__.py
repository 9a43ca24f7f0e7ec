"""Every equation over every unknown, as CP-SAT decides it."""
