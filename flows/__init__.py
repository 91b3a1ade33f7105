"""Wiring: the order of the tasks, their weights and budgets, and the command line."""
