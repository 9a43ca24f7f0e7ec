"""Searches, and their checked answers."""
