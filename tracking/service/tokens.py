"""Tokens: those in the settings, those of an identity provider, and those signed here."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any, Literal, NamedTuple

import jwt

from tracking.service.provider import ProviderKeys
from tracking.service.settings import ADMIN, ServiceSettings

__all__ = ["Claim", "Signer", "Tokens"]

# What an identity provider signs with: a key that both sides know is not among them, for then
# whoever reads the public keys could sign.
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
_MOST_CHARACTERS = 8192
_LONGEST_NAME = 200


class Claim(NamedTuple):
    """Who somebody is, and until when that is believed, in Unix seconds."""

    name: str
    is_admin: bool
    until: float


class Signer:
    """Signs what comes back later: sessions and tickets.

    Parameters
    ----------
    secret
        What it signs with; empty is a random one.
    """

    def __init__(self, secret: str) -> None:
        secret = secret or secrets.token_hex(32)
        self._key = hashlib.sha256(b"horarium signs with " + secret.encode()).digest()

    def sign(self, use: Literal["session", "ticket"], claim: Claim, job_id: str = "") -> str:
        """Put a claim in words that nobody else can make."""
        return jwt.encode(
            {
                "aud": use,
                "sub": claim.name,
                "admin": claim.is_admin,
                "job": job_id,
                "exp": int(claim.until),
            },
            self._key,
            algorithm="HS256",
        )

    def read(
        self, use: Literal["session", "ticket"], signed: str, job_id: str = ""
    ) -> Claim | None:
        """What was signed for this use, and this job; None if it was not, or is over."""
        found = _decoded(signed, self._key, ["HS256"], audience=use)
        if found is None or found.get("job") != job_id:
            return None
        return Claim(found["sub"], found["admin"], found["exp"])


class Tokens:
    """Says whose a bearer token is.

    Parameters
    ----------
    settings
        Which tokens there are, and which identity provider.
    """

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._names = {name: token.get_secret_value() for name, token in settings.tokens.items()}
        if settings.admin_token is not None:
            self._names[ADMIN] = settings.admin_token.get_secret_value()
        self._provider = ProviderKeys(settings.jwks_url) if settings.jwks_url else None

    async def claim(self, token: str) -> Claim | None:
        """Whose it is; None if it is nobody's.

        Raises
        ------
        Problem
            503, if only the identity provider could tell, and does not answer.
        """
        if len(token) > _MOST_CHARACTERS:
            return None
        owner = None
        for name, known in self._names.items():  # all of them: the time taken tells nothing
            if compare_digest(token.encode(), known.encode()):
                owner = name
        if owner is not None:
            return Claim(owner, owner == ADMIN, float("inf"))
        return await self._claim_elsewhere(token)

    async def _claim_elsewhere(self, token: str) -> Claim | None:
        """Whose the identity provider says it is."""
        settings = self._settings
        key_id = _key_id(token)
        if self._provider is None or key_id is None:
            return None
        key = await self._provider.find(key_id)
        found = key and _decoded(
            token, key, _ALGORITHMS, audience=settings.jwt_audience, issuer=settings.jwt_issuer
        )
        return self._read(found) if found else None

    def _read(self, found: Mapping[str, Any]) -> Claim | None:
        name = found.get(self._settings.jwt_name_claim)
        if not isinstance(name, str) or not 1 <= len(name) <= _LONGEST_NAME:
            return None
        if not name.isprintable() or name in self._names or name == ADMIN:
            return None  # that is somebody else, with a token of their own
        roles = found.get(self._settings.jwt_admin_claim)
        is_admin = self._settings.jwt_admin_role in (roles if isinstance(roles, list) else [roles])
        return Claim(name, is_admin, float(found["exp"]))


def _key_id(token: str) -> str | None:
    """The key that a token says it was signed with; None if that proves nothing."""
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        return None
    return header.get("kid") if header.get("alg") in _ALGORITHMS else None


def _decoded(token: str, key: Any, algorithms: list[str], **expected: Any) -> dict[str, Any] | None:
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=algorithms,
            options={"require": ["exp", "aud", *(["iss"] if "issuer" in expected else [])]},
            **expected,
        )
    except jwt.PyJWTError:
        return None
    return claims
