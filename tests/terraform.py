"""Runs the real Terraform without a network: HCL -> the JSON of its plan.

Providers come from the filesystem mirror that `TRUELINE_TF_MIRROR` names, so tests that use this
take the fixture `tf_mirror` and the marker `needs("terraform")`. One initialisation serves a whole
process; only HCL that calls modules is initialised for itself.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

__all__ = ["AWS_PROVIDER", "plan_json", "provider_schemas", "run_terraform"]

AWS_PROVIDER = """
provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true
}
"""
"""Added to HCL that configures no AWS provider itself; plans without asking AWS anything."""

_REQUIRED = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
"""
_CONFIG = """
disable_checkpoint = true
provider_installation {
  filesystem_mirror { path = "%s" }
}
"""


def plan_json(folder: Path, hcl: str, *, files: Mapping[str, str] | None = None) -> bytes:
    """Plan `hcl` in an empty folder and return what `terraform show -json` says of the plan.

    `files` are further files by path, modules for example. Raises AssertionError with what
    Terraform printed where it refuses.
    """
    folder.mkdir(parents=True, exist_ok=True)
    provider = "" if 'provider "aws"' in hcl else AWS_PROVIDER
    (folder / "main.tf").write_text(hcl)
    (folder / "setup.tf").write_text(_REQUIRED + provider)
    for path, text in (files or {}).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    shared = _initialised()
    shutil.copy(shared / ".terraform.lock.hcl", folder)
    data = shared / ".terraform"
    if 'module "' in hcl:
        data = folder / ".terraform"
        run_terraform(folder, "init", data=data)
    run_terraform(folder, "plan", "-out=plan.out", data=data)
    return run_terraform(folder, "show", "-json", "plan.out", data=data)


def provider_schemas() -> bytes:
    """What `terraform providers schema -json` says of the providers at hand."""
    shared = _initialised()
    return run_terraform(shared, "providers", "schema", "-json", data=shared / ".terraform")


def run_terraform(folder: Path, command: str, *arguments: str, data: Path) -> bytes:
    """Run one command and return its standard output. `data` is Terraform's data directory."""
    flags = [] if command == "providers" else ["-no-color"]
    if command not in ("show", "providers"):
        flags.append("-input=false")
    ran = subprocess.run(
        ["terraform", command, *flags, *arguments],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TF_DATA_DIR": str(data),
            "TF_CLI_CONFIG_FILE": str(_config()),
        },
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 0, f"terraform {command}: {(ran.stdout + ran.stderr).decode()}"
    return ran.stdout


@cache
def _workspace() -> Path:
    """A folder of this process, removed at its end."""
    folder = Path(tempfile.mkdtemp(prefix="trueline-terraform-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def _config() -> Path:
    """Terraform's own configuration: providers come from the mirror alone."""
    file = _workspace() / "terraform.tfrc"
    file.write_text(_CONFIG % os.environ["TRUELINE_TF_MIRROR"])
    return file


@cache
def _initialised() -> Path:
    """A folder in which the providers are installed."""
    folder = _workspace() / "initialised"
    folder.mkdir()
    (folder / "setup.tf").write_text(_REQUIRED + AWS_PROVIDER)
    run_terraform(folder, "init", data=folder / ".terraform")
    return folder
