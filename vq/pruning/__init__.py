"""Which experts of the zoo enter the teacher (claims 8 and 9)."""
