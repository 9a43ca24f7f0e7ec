"""Surveys: how many networks of a grid have variants."""
