"""What payers report: a file of results is read, every row is matched with a payment, and the good ones recorded."""
