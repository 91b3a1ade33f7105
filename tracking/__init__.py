"""Counts of work done inside any flow become one honest percentage and time left in Redis."""
