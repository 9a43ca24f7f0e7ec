"""From a problem to answers that were checked."""
