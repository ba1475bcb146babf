"""Whole commands, as a user runs them: one test per line of what the program must show."""
