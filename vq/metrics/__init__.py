"""Agreement with people's ratings, and the report that shows it."""
