"""Jobs and studies: progress, learning curves, accuracies, estimates, reports."""
