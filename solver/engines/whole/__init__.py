"""Approach V: all widths of a network at a higher resolution, with exactly equal budgets."""
