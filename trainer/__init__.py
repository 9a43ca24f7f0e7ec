"""Training: builds, checks, trains and compares networks."""
