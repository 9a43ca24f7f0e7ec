"""Engines, which find all solutions of a problem."""
