from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tracking.service.settings import ServiceSettings, is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_without_secrets_this_machine_alone_is_served_with_a_random_token(host: str) -> None:
    settings = ServiceSettings()
    assert not settings.is_protected
    first, second = settings.for_host(host), settings.for_host(host)
    assert first.admin_token is not None
    assert len(first.admin_token.get_secret_value()) >= 40
    assert first.admin_token != second.admin_token


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.10", "timetable.example.edu", ""])
def test_without_secrets_nobody_else_is_served(host: str) -> None:
    with pytest.raises(ValueError, match=r"expected a loopback address.*HORARIUM_ADMIN_TOKEN"):
        ServiceSettings().for_host(host)
    assert not is_loopback(host)


@pytest.mark.parametrize(
    "secret",
    [
        {"admin_token": "a token"},
        {"tokens": {"ann": "a token"}},
        {"jwks_url": "https://id.example.edu/keys", "jwt_issuer": "id", "jwt_audience": "us"},
    ],
)
def test_with_a_secret_everybody_is_served_and_no_other_one_is_made(secret: Any) -> None:
    settings = ServiceSettings(**secret)
    assert settings.for_host("0.0.0.0") == settings


def test_variables_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HORARIUM_ADMIN_TOKEN", "of the administrator")
    monkeypatch.setenv("HORARIUM_TOKENS", '{"ann": "of ann"}')
    monkeypatch.setenv("HORARIUM_DATA_FOLDER", str(tmp_path))
    monkeypatch.setenv("HORARIUM_ALLOWED_ORIGINS", '["https://portal.example.edu"]')
    monkeypatch.setenv("HORARIUM_SECRET", "")
    settings = ServiceSettings()
    assert settings.admin_token is not None
    assert settings.admin_token.get_secret_value() == "of the administrator"
    assert settings.tokens["ann"].get_secret_value() == "of ann"
    assert settings.data_folder == tmp_path
    assert settings.allowed_origins == ["https://portal.example.edu"]
    assert settings.secret is None


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"admin_token": " "}, "expected a token, got an empty one"),
        ({"tokens": {"ann": ""}}, "expected a token, got an empty one"),
        ({"tokens": {"admin": "x"}}, "expected other names than 'admin'"),
        ({"tokens": {"a/b": "x"}}, "tokens"),
        ({"tokens": {"ann": "same", "bob": "same"}}, "expected a different one for each name"),
        ({"admin_token": "same", "tokens": {"bob": "same"}}, "expected a different one"),
        ({"jwks_url": "https://id.example.edu/keys"}, "expected jwt_issuer and jwt_audience"),
        ({"jwks_url": "http://id.example.edu/keys"}, "expected an https address"),
        ({"jwks_url": "file:///etc/passwd"}, "expected an https address"),
        ({"request_rate": "often"}, "expected a rate such as '60/minute', got 'often'"),
        ({"allowed_origins": ["*"]}, "expected each origin by name"),
        ({"deployment": "timetable"}, "deployment"),
        ({"max_upload_bytes": 0}, "max_upload_bytes"),
    ],
)
def test_what_is_not_allowed_is_refused_and_says_why(wrong: Any, complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        ServiceSettings(**wrong)


def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {"admin_token": "hush", "tokens": {"ann": "hush-hush"}}
    assert "hush" not in repr(ServiceSettings(**given))
    monkeypatch.setenv("HORARIUM_ADMIN_TOKEN", "hush")
    with pytest.raises(ValidationError) as told:
        ServiceSettings(tokens=given["tokens"] | {"bob": "hush"})
    assert "hush" not in str(told.value)
