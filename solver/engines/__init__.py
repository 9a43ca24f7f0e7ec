"""Ways to find all that satisfies a problem's constraints."""
