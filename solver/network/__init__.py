"""Networks: their layers, their rules and their costs."""
