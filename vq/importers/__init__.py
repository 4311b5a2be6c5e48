"""Label files of others: a reader for each dialect."""
