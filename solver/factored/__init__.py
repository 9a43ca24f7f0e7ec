"""The fast engine: CP-SAT decides what the budget depends on, tables complete the geometry."""

from solver.factored.engine import factor
from solver.factored.solutions import Solutions
from solver.factored.windows import TooManyError

__all__ = ["Solutions", "TooManyError", "factor"]
