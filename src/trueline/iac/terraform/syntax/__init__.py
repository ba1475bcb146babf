"""Terraform files as syntax trees: exact positions, and as much as can be read of broken ones."""
