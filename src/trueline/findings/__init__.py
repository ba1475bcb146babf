"""Findings: verdicts that live, with an owner, a date, a risk and a history."""
