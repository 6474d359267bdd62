"""What follows from a change that took effect: stop orders, what was paid too much, grants at a death."""
