"""``model.py``: architectures as PyTorch source, written without PyTorch."""

from solver.source.document import source

__all__ = ["source"]
