from __future__ import annotations

import asyncio
import base64
import hmac
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.service.access_parts import ANN, ANN_TOKEN, bearer, no_prefect, serving, settings_in
from tests.service.identity_provider import AUDIENCE, ISSUER, IdentityProvider
from tests.service.job_parts import problem_of
from tracking.service.problems import Problem
from tracking.service.provider import ProviderKeys
from tracking.service.settings import ServiceSettings

ME = "/api/session/"


@pytest.fixture(scope="module")
def provider() -> Iterator[IdentityProvider]:
    begun = IdentityProvider("RS256")
    yield begun
    begun.close()


@pytest.fixture
def changing() -> Iterator[IdentityProvider]:
    """One for a test alone."""
    begun = IdentityProvider()
    yield begun
    begun.close()


def trusting(provider: IdentityProvider, folder: Path) -> ServiceSettings:
    return settings_in(folder, jwks_url=provider.url, jwt_issuer=ISSUER, jwt_audience=AUDIENCE)


@pytest.fixture(scope="module")
def who(
    provider: IdentityProvider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], httpx.Response]]:
    settings = trusting(provider, tmp_path_factory.mktemp("data"))
    with no_prefect(), serving(settings) as client:
        yield lambda token: client.get(ME, headers=bearer(token))


def test_tokens_of_the_identity_provider_are_taken(
    provider: IdentityProvider, who: Callable[[str], httpx.Response]
) -> None:
    assert who(provider.token()).json() == {"name": "dora", "is_admin": False}
    asked = provider.asked
    roles = ["teacher", "horarium-admin"]
    assert who(provider.token(roles=roles)).json() == {"name": "dora", "is_admin": True}
    assert who(provider.token(roles="horarium-admin")).json()["is_admin"]
    assert not who(provider.token(roles="horarium-administration")).json()["is_admin"]
    assert who(ANN_TOKEN).json()["name"] == "ann"
    assert provider.asked == asked  # its keys are kept


@pytest.mark.parametrize(
    "wrong",
    [
        {"exp": 1}, {"exp": None}, {"aud": "another"}, {"aud": None}, {"iss": "another"},
        {"iss": None}, {"sub": None}, {"sub": "admin"}, {"sub": "ann"}, {"sub": "x" * 201},
        {"sub": "do\nra"}, {"sub": ""}, {"key_id": "two"}, {"key_id": ""}, {"nbf": 9e9},
    ],
    ids=str,
)  # fmt: skip
def test_no_other_token_is_taken(
    provider: IdentityProvider, who: Callable[[str], httpx.Response], wrong: dict[str, Any]
) -> None:
    problem_of(who(provider.token(**wrong)), 401, "unauthorized")


def test_a_token_signed_by_somebody_else_is_nobodys(
    provider: IdentityProvider, who: Callable[[str], httpx.Response]
) -> None:
    another = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    problem_of(who(provider.token(key=another)), 401, "unauthorized")
    # Not even if the token brings its key along, or says where it is.
    claims = jwt.decode(provider.token(), options={"verify_signature": False})
    public = RSAAlgorithm.to_jwk(another.public_key(), as_dict=True)
    for brought in ({"jwk": public}, {"jku": "http://127.0.0.1:1/keys"}):
        brings = jwt.encode(claims, another, "RS256", headers={"kid": "one", **brought})
        problem_of(who(brings), 401, "unauthorized")
    for rubbish in ("a.b.c", "..", "e30.e30.e30", f"{_words(b'[' * 5000)}.e30.e30"):
        problem_of(who(rubbish), 401, "unauthorized")


def test_a_token_that_nobody_signed_is_nobodys(
    provider: IdentityProvider, who: Callable[[str], httpx.Response]
) -> None:
    header, claims, _ = provider.token().split(".")
    problem_of(who(f"{header}.{claims}."), 401, "unauthorized")
    for name in ("none", "None", "NONE"):
        unsigned = _words(json.dumps({"alg": name, "kid": "one"}).encode())
        problem_of(who(f"{unsigned}.{claims}."), 401, "unauthorized")


def test_what_everybody_may_read_signs_nothing(tmp_path: Path, changing: IdentityProvider) -> None:
    """Neither the public key as the secret of a symmetric signature, nor a published secret."""
    key = changing.make_key("one")
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    secret = b"published by mistake, and 32 bytes long"
    changing.published["two"] = {"kty": "oct", "k": _words(secret), "alg": "HS256"}
    claims = changing.token().split(".")[1]
    with no_prefect(), serving(trusting(changing, tmp_path)) as service:
        for key_id, known in (("one", public), ("two", secret)):
            head = _words(json.dumps({"alg": "HS256", "typ": "JWT", "kid": key_id}).encode())
            signature = _words(hmac.digest(known, f"{head}.{claims}".encode(), "sha256"))
            forged = bearer(f"{head}.{claims}.{signature}")
            problem_of(service.get(ME, headers=forged), 401, "unauthorized")


def test_keys_of_other_kinds_are_taken_and_made_up_ids_ask_nobody(
    tmp_path: Path, changing: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracking.service.provider._PAUSE_SECONDS", 3600.0)
    changing.make_key("rivest", "RS256")
    changing.make_key("edwards", "EdDSA")
    with no_prefect(), serving(trusting(changing, tmp_path)) as service:
        for key_id in ("one", "rivest", "edwards"):
            answer = service.get(ME, headers=bearer(changing.token(key_id)))
            assert answer.json()["name"] == "dora"
        for number in range(50):
            made_up = bearer(changing.token(f"made up {number}"))
            problem_of(service.get(ME, headers=made_up), 401, "unauthorized")
    assert changing.asked == 1


def test_where_the_identity_provider_is_away_nobody_is_called_unknown(tmp_path: Path) -> None:
    gone = IdentityProvider()
    gone.close()
    with no_prefect(), serving(trusting(gone, tmp_path)) as service:
        answer = service.get(ME, headers=bearer(gone.token()))
        problem_of(answer, 503, "identity-provider-unavailable")
        assert answer.headers["retry-after"]
        assert service.get(ME, headers=ANN).is_success


class Clock:
    """Shows what a test says."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_keys_that_change_are_fetched_when_a_token_needs_them(changing: IdentityProvider) -> None:
    async def scenario() -> None:
        clock = Clock()
        keys = ProviderKeys(changing.url, clock=clock)
        assert await keys.find("one")
        changing.make_key("two")
        assert await keys.find("two") is None  # so soon after the last time nobody is asked
        clock.now = 10
        assert await keys.find("two")
        del changing.published["one"]
        assert await keys.find("one")
        clock.now = 400
        assert await keys.find("one") is None  # withdrawn minutes ago
        assert await keys.find("two")
        assert changing.asked == 3

    asyncio.run(scenario())


def test_many_who_need_a_key_at_once_are_one_question(changing: IdentityProvider) -> None:
    async def scenario() -> None:
        keys = ProviderKeys(changing.url, clock=Clock())
        found = await asyncio.gather(*(keys.find(f"{number}") for number in range(100)))
        assert found == [None] * 100
        assert changing.asked == 1

    asyncio.run(scenario())


def test_a_provider_that_hangs_holds_nobody_up_whose_key_is_known(
    changing: IdentityProvider,
) -> None:
    async def scenario() -> None:
        clock = Clock()
        keys = ProviderKeys(changing.url, clock=clock)
        assert await keys.find("one")
        clock.now = 10
        changing.is_answering.clear()
        waiting = asyncio.create_task(keys.find("made up"))
        while changing.asked < 2:
            await asyncio.sleep(0.01)
        assert await keys.find("one")
        assert not waiting.done()
        changing.is_answering.set()
        assert await waiting is None

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "rubbish",
    [b"<html>", b"[]", b"{}", b'{"keys": []}', b'{"keys": [{"kty": "RSA", "kid": "one"}]}',
     b'{"keys": 7}', b'{"keys": [{"kty": "oct", "k": "eA", "kid": ["one"]}]}'],
)  # fmt: skip
def test_a_provider_that_answers_rubbish_is_as_good_as_away(
    changing: IdentityProvider, rubbish: bytes
) -> None:
    async def scenario() -> None:
        clock = Clock()
        keys = ProviderKeys(changing.url, clock=clock)
        changing.rubbish = rubbish
        for _ in range(2):
            with pytest.raises(Problem, match="identity-provider-unavailable"):
                await keys.find("one")
        assert changing.asked == 1  # nor is one that is away asked all the time
        changing.rubbish = None
        clock.now = 10
        assert await keys.find("one")

    asyncio.run(scenario())


def _words(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
