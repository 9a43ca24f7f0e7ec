"""From the accuracies of runs to estimates, with intervals that hold what they promise."""
