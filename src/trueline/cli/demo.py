"""`trueline demo`: a simulated estate, scanned for real, its report written."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from trueline.cli.options import check_outputs, emit, talk, workspace
from trueline.errors import ConfigError

__all__ = ["demo"]


@click.command()
@click.option(
    "--output", "-o", default="trueline-demo.html", show_default=True, metavar="FILE",
    help="Where the HTML report goes.",
)  # fmt: skip
@click.option("--quiet", "-q", is_flag=True, help="No talk and no progress.")
def demo(output: str, quiet: bool) -> None:
    """Scan a simulated AWS estate of two accounts and write the report.

    Nothing leaves this machine, and nothing is kept but the report.
    """
    try:
        from trueline.demo import REFUSED, build_estate, simulated_aws
    except ImportError as error:
        raise ConfigError(
            "extra-missing",
            f"the demo needs a package that is not installed: {error.name}",
            'pip install "trueline[demo]"',
        ) from None
    from trueline.cli.progress import live_progress
    from trueline.demo import ACCOUNTS, REGIONS
    from trueline.pipeline import ScanOptions, scan_aws

    check_outputs((f"html:{output}",), None)
    with tempfile.TemporaryDirectory(prefix="trueline-demo-") as scratch:
        talk("building the simulated estate …", quiet)
        with simulated_aws(REFUSED) as (url, door), _environment(url, scratch):
            build_estate(url)
            door.closed = True
            talk("scanning it …", quiet)
            options = ScanOptions(
                role_arns=tuple(f"arn:aws:iam::{a}:role/trueline-audit" for a in ACCOUNTS.values()),
                regions=REGIONS,
                passes=True,
            )
            with live_progress(quiet) as progress:
                outcome = scan_aws(
                    workspace(str(Path(scratch) / "home"), None),
                    options,
                    progress,
                    threading.Event(),
                    lambda text: talk(text, quiet),
                )
    emit(outcome.report, None, (f"html:{output}",), None)
    if not quiet:
        emit(outcome.report, "table", (), "fail,unknown")
    click.echo(str(Path(output).resolve()))


@contextmanager
def _environment(endpoint: str, scratch: str) -> Iterator[None]:
    """AWS settings for the simulation only: the user's own profiles and keys stay out of it."""
    nowhere = str(Path(scratch) / "none")
    settings = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "demo",
        "AWS_SECRET_ACCESS_KEY": "demo",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_CONFIG_FILE": nowhere,
        "AWS_SHARED_CREDENTIALS_FILE": nowhere,
        "AWS_EC2_METADATA_DISABLED": "true",
        "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",  # hundreds of images that nobody asked for
    }
    removed = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION")
    before = {name: os.environ.get(name) for name in (*settings, *removed)}
    os.environ.update(settings)
    for name in removed:
        os.environ.pop(name, None)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
