"""The requirements on a variant, one class each: its equation, its encoding and its truth test."""
