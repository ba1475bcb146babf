"""Who we are: credentials by profile, environment or role, and the accounts they give."""

from __future__ import annotations

import difflib
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from botocore.client import BaseClient
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    CredentialResolver,
    Credentials,
    DeferredRefreshableCredentials,
)
from botocore.exceptions import (
    BotoCoreError,
    ConfigParseError,
    NoCredentialsError,
    ProfileNotFound,
)
from botocore.loaders import Loader, create_loader
from botocore.session import Session

from trueline.collect.answers import CallError, Halt, Meter
from trueline.collect.aws.faults import failure
from trueline.collect.aws.names import Geography
from trueline.collect.aws.remote import AwsRemote, client_config
from trueline.collect.aws.request import AwsRequest
from trueline.collect.aws.wire import Wire
from trueline.collect.progress import Progress
from trueline.errors import ConfigError, Where

__all__ = ["Identity", "Refused", "Sessions"]

_ROLE = re.compile(r"arn:(aws[a-z-]*):iam::(\d{12}):role/[\w+=,.@/-]+\Z")
_SESSION_NAME = "trueline"


@dataclass(frozen=True, slots=True)
class Identity:
    """An account that credentials were obtained for, and the door to its APIs."""

    account: str
    partition: str
    remote: AwsRemote
    wire: Wire


@dataclass(frozen=True, slots=True)
class Refused:
    """Credentials that did not work. `account` is known only where a role names it."""

    account: str | None
    partition: str
    call: str
    failure: CallError
    wire: Wire


class _Given(CredentialProvider):
    """Hands a session the credentials of an assumed role."""

    METHOD = "trueline-assume-role"

    def __init__(self, credentials: Credentials) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> Credentials:
        return self._credentials


class Sessions:
    """Makes one session per account; all share one loader of service models.

    Raises ConfigError for a profile that is not configured, or a role that is none.
    """

    def __init__(self, request: AwsRequest, halt: Halt, progress: Progress) -> None:
        self._request, self._halt, self._progress = request, halt, progress
        self._making = threading.Lock()
        self.wire = Wire(request.patience, halt, progress)
        self._base = Session(profile=request.profile)
        self.wire.register(self._base)
        self._loader = _loader_of(self._base, request.profile)
        self._base.register_component("data_loader", self._loader)
        self.geography = Geography(self._loader.load_data("endpoints"))
        for arn in request.role_arns:
            if not _ROLE.match(arn):
                raise ConfigError(
                    "aws.role",
                    f"expected the ARN of a role, saw {arn!r}",
                    "it looks like arn:aws:iam::111122223333:role/NAME",
                )

    def openers(self) -> list[Callable[[], Identity | Refused]]:
        """What obtains each identity: the roles given, else the credentials at hand.

        Roles of accounts that were not asked for are left out.
        """
        found = self._credentials()
        wanted = self._request.accounts
        roles: list[str | None] = [
            arn for arn in self._request.role_arns if not wanted or _account(arn) in wanted
        ]
        if not self._request.role_arns:
            roles = [None]
        return [partial(self._open, role, found) for role in roles]

    def _credentials(self) -> Credentials | CallError:
        """The credentials at hand, loaded once: a profile may ask for a code."""
        try:
            credentials = self._base.get_credentials()
        except BotoCoreError as error:
            return failure(error)
        return failure(NoCredentialsError()) if credentials is None else credentials

    def _open(self, role: str | None, base: Credentials | CallError) -> Identity | Refused:
        """Obtain credentials and ask whose they are."""
        wire = self.wire
        region = self._region()
        partition = role.split(":")[1] if role else self.geography.partition_of(region)
        account = _account(role) if role else None
        call = "sts.AssumeRole" if role else "sts.GetCallerIdentity"
        if isinstance(base, CallError):
            return Refused(account, partition, call, base, wire)
        if role is not None:
            wire = Wire(self._request.patience, self._halt, self._progress)
        session = Session(profile=self._request.profile)
        session.register_component("data_loader", self._loader)
        wire.register(session)
        given = base if role is None else self._assumed(session, role, region, base)
        session.register_component("credential_provider", CredentialResolver([_Given(given)]))
        remote = AwsRemote(
            session, wire, self.geography, self._request.patience, self._halt, self._making
        )
        try:
            me = next(remote.pages("sts.GetCallerIdentity", region, {}, Meter()))
        except CallError as failed:
            remote.close()
            return Refused(account, partition, call, failed, wire)
        return Identity(str(me["Account"]), str(me["Arn"]).split(":")[1], remote, wire)

    def _region(self) -> str:
        """Where to ask who we are: the configured region, else one that was asked for."""
        configured = self._base.get_config_variable("region")
        known = [r for r in (configured, *self._request.regions) if r in self.geography.regions]
        return known[0] if known else "us-east-1"

    def _assumed(self, session: Session, role: str, region: str, base: Credentials) -> Credentials:
        """The credentials of a role, renewed before they expire."""
        config = client_config(self._request.patience)

        def sts(service: str, **credentials: Any) -> BaseClient:
            with self._making:
                return session.create_client(
                    service, region_name=region, config=config, **credentials
                )

        arguments = {"RoleSessionName": _SESSION_NAME}
        if self._request.external_id:
            arguments["ExternalId"] = self._request.external_id
        fetcher = AssumeRoleCredentialFetcher(sts, base, role, extra_args=arguments)
        return DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")


def _loader_of(session: Session, profile: str | None) -> Loader:
    """The loader for a session. Raises ConfigError for an unknown profile or a broken file."""
    try:
        session.get_scoped_config()
    except ProfileNotFound as error:
        name = profile or str(error.kwargs.get("profile"))
        close = difflib.get_close_matches(name, session.available_profiles, 1)
        known = ", ".join(sorted(session.available_profiles)) or "none"
        raise ConfigError(
            "aws.profile",
            f"no AWS profile {name!r} is configured",
            f"did you mean {close[0]!r}?" if close else f"profiles found: {known}",
        ) from None
    except ConfigParseError as error:
        path = str(error.kwargs.get("path"))
        raise ConfigError(
            "aws.config", "the AWS configuration cannot be parsed", "mend the file", Where(path)
        ) from None
    return _models(session.get_config_variable("data_path"))


@lru_cache(maxsize=1)
def _models(path: str | None) -> Loader:
    """botocore's service models, parsed once a process: that is most of a session's cost."""
    return create_loader(path)


def _account(role: str) -> str:
    return role.split(":")[4]
