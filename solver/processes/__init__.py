"""The solver in a process that can be killed: what runs in it, and how it is seen from outside."""
