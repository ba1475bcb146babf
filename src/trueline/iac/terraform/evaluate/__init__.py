"""Terraform's expressions to values that may be known in part.

`values` and `types` are what the functions stand on, and `expressions` calls the functions through
the scope; nothing is re-exported here, so that each may be imported without the others.
"""
