"""Terraform source: folders of `*.tf` and `*.tf.json` -> the rows that a plan would give."""

from trueline.iac.terraform.source.inputs import SourceOptions
from trueline.iac.terraform.source.reading import read_source

__all__ = ["SourceOptions", "read_source"]
