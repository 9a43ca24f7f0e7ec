"""The fast engine: CP-SAT decides what the budget depends on, tables complete the geometry."""

from solver.engines.factored.best import RankedSolutions
from solver.engines.factored.engine import factor
from solver.engines.factored.factors import NotFactoredError
from solver.engines.factored.windows import TooManyError

__all__ = ["NotFactoredError", "RankedSolutions", "TooManyError", "factor"]
