"""What is drawn of jobs and studies: accuracies, learning curves, gains."""
