"""The fast engine: CP-SAT decides what the budget depends on, tables complete the geometry."""

from solver.engines.factored.engine import factor
from solver.engines.factored.solutions import Solutions
from solver.engines.factored.windows import TooManyError

__all__ = ["Solutions", "TooManyError", "factor"]
