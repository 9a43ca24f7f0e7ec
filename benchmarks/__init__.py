"""What is as fast as it should be: each figure is a ratio to a yardstick beside it, or a time."""
