"""Pages of the monthly review: the district's board, a commune's review, one line of it."""
