"""Pages of payments: the board and the lists, results by form, files of results, a person's year."""
