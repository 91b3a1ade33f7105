"""What is configured from outside: environment variables that start with HORARIUM_."""

from __future__ import annotations

import secrets
from ipaddress import ip_address
from typing import Annotated, Self
from urllib.parse import urlsplit

from limits import parse
from pydantic import AfterValidator, Field, SecretStr, model_validator

from tracking.settings import RedisUrl, SharedSettings

__all__ = ["ADMIN", "ServiceSettings", "is_loopback"]

ADMIN = "admin"
"""Name of the administrator that the admin token belongs to."""


def _a_rate(text: str) -> str:
    try:
        parse(text)
    except ValueError:
        raise ValueError(f"expected a rate such as '60/minute', got {text!r}") from None
    return text


def _a_token(token: SecretStr) -> SecretStr:
    if not token.get_secret_value().strip():
        raise ValueError("expected a token, got an empty one")
    return token


def is_loopback(host: str | None) -> bool:
    """Whether only this machine reaches a host."""
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


def _an_identity_provider(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise ValueError(f"expected an https address, got {url!r}")
    return url


Rate = Annotated[str, AfterValidator(_a_rate)]
Token = Annotated[SecretStr, AfterValidator(_a_token)]


class ServiceSettings(SharedSettings):
    """Where the service finds its jobs, who may use it, and how much of it.

    Prefect's address and credentials are Prefect's own settings: ``PREFECT_API_URL``,
    ``PREFECT_API_KEY``, ``PREFECT_API_AUTH_STRING``.
    """

    redis_url: RedisUrl = "redis://127.0.0.1:6379/0"
    """Where jobs publish their progress: ``redis://``, with TLS ``rediss://``, or ``unix://``."""

    deployment: Annotated[str, Field(pattern="^[^/]+/[^/]+$")] = "timetable/on-demand"
    """Flow and deployment that runs are started from."""

    admin_token: Token | None = None
    """Bearer token of the administrator, who sees every job."""

    tokens: dict[Annotated[str, Field(pattern=r"^[\w.@-]{1,100}$")], Token] = Field(default={})
    """Bearer tokens of ordinary users, by name, as JSON."""

    secret: Token | None = None
    """Signs cookies and tickets; all processes of one service have the same. By default a random
    one: whoever was signed in must sign in again after a restart."""

    session_hours: Annotated[float, Field(gt=0, le=24 * 31)] = 12
    """How long somebody stays signed in."""

    jwks_url: Annotated[str, AfterValidator(_an_identity_provider)] | None = None
    """Keys of the identity provider whose JWTs are taken as bearer tokens."""

    jwt_issuer: str | None = None
    """Who must have issued them."""

    jwt_audience: str | None = None
    """For whom they must have been issued."""

    jwt_name_claim: str = "sub"
    """Claim that names the caller."""

    jwt_admin_claim: str = "roles"
    """Claim, a word or a list of them, that makes an administrator if it holds the role."""

    jwt_admin_role: str = "horarium-admin"
    """The role."""

    max_upload_bytes: Annotated[int, Field(ge=1)] = 20_000_000
    """The largest instance somebody may send."""

    max_streams_a_user: Annotated[int, Field(ge=1)] = 20
    """Streams that a caller may have open at a time."""

    request_rate: Rate = "600/minute"
    """Calls of one caller; or of one address, as long as nobody knows who calls."""

    job_rate: Rate = "30/minute"
    """Jobs started, and instances checked, by one caller."""

    allowed_origins: list[str] = Field(default=[])
    """Other sites whose pages may call, such as ``https://portal.example.edu``, as JSON."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if ADMIN in self.tokens:
            raise ValueError(f"tokens: expected other names than {ADMIN!r}")
        every = [*self.tokens.values(), *([self.admin_token] if self.admin_token else [])]
        if len({token.get_secret_value() for token in every}) < len(every):
            raise ValueError("tokens: expected a different one for each name")
        if self.jwks_url and not (self.jwt_issuer and self.jwt_audience):
            raise ValueError("jwks_url: expected jwt_issuer and jwt_audience with it")
        if "*" in self.allowed_origins:
            raise ValueError("allowed_origins: expected each origin by name, got '*'")
        return self

    @property
    def is_protected(self) -> bool:
        """Whether somebody has said who may call."""
        return bool(self.admin_token or self.tokens or self.jwks_url)

    def with_random_token(self) -> ServiceSettings:
        """The same, with a random token for the administrator."""
        return self.model_copy(update={"admin_token": SecretStr(secrets.token_urlsafe(32))})

    def for_host(self, host: str) -> ServiceSettings:
        """What to serve a host's visitors with: a random admin token, if nothing is configured.

        Raises
        ------
        ValueError
            If nothing is configured, and others than this machine's users would reach the host.
        """
        if self.is_protected:
            return self
        if not is_loopback(host):
            raise ValueError(
                f"host: expected a loopback address such as 127.0.0.1 as long as no "
                f"HORARIUM_ADMIN_TOKEN, HORARIUM_TOKENS or HORARIUM_JWKS_URL is set, got {host!r}"
            )
        return self.with_random_token()
