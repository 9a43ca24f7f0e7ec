"""Plots: described once, drawn on the server as SVG, and by Plotly where scripts run."""
