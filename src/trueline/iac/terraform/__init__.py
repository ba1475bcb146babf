"""Terraform and OpenTofu: plans in JSON form -> the rows that a scan of the result would give."""

from trueline.iac.terraform.plan import read_plan

__all__ = ["read_plan"]
