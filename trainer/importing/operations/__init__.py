"""Rules for operations; a module that is imported here adds its rules to the table."""

from trainer.importing.operations import elementwise, joins, reshaping, weighted, windows

__all__ = ["elementwise", "joins", "reshaping", "weighted", "windows"]
