"""What the service and the trainer agree on: data sets, recipes, schedules, curves, failures."""
