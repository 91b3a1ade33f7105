"""An identity provider: its keys over HTTP, and tokens signed with them."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

__all__ = ["AUDIENCE", "ISSUER", "IdentityProvider"]

ISSUER, AUDIENCE = "https://id.example.edu", "horarium"

_KINDS: dict[str, tuple[Any, Any]] = {  # by the algorithm that it signs with
    "RS256": (lambda: rsa.generate_private_key(65537, 2048), RSAAlgorithm.to_jwk),
    "ES256": (lambda: ec.generate_private_key(ec.SECP256R1()), ECAlgorithm.to_jwk),
    "EdDSA": (ed25519.Ed25519PrivateKey.generate, OKPAlgorithm.to_jwk),
}


class IdentityProvider:
    """Publishes keys, which a test may change; it begins with one, called ``one``."""

    def __init__(self, algorithm: str = "ES256") -> None:
        self.published: dict[str, dict[str, Any]] = {}
        """Public keys by their id."""
        self.rubbish: bytes | None = None
        """What is answered instead, if anything."""
        self.asked = 0
        """How often the keys were asked for."""
        self.is_answering = threading.Event()
        """While it is not set, nobody is answered."""
        self.is_answering.set()
        self._keys: dict[str, tuple[str, Any]] = {}
        self._server = HTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}/keys"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.make_key("one", algorithm)

    def make_key(self, key_id: str, algorithm: str = "ES256") -> Any:
        """Make a key and publish it; gives the private one."""
        make, public_of = _KINDS[algorithm]
        key = make()
        self._keys[key_id] = algorithm, key
        self.published[key_id] = public_of(key.public_key(), as_dict=True) | {"use": "sig"}
        return key

    def token(self, key_id: str = "one", *, key: Any = None, **claims: Any) -> str:
        """Sign a token; a claim that is None is left out.

        Parameters
        ----------
        key
            Signs instead of the one that the token says it is signed with.
        """
        usual = {"iss": ISSUER, "aud": AUDIENCE, "sub": "dora", "exp": time.time() + 60}
        given = {name: value for name, value in (usual | claims).items() if value is not None}
        algorithm, own = self._keys.get(key_id) or self._keys["one"]
        return jwt.encode(given, key or own, algorithm=algorithm, headers={"kid": key_id})

    def close(self) -> None:
        """Be away."""
        self.is_answering.set()
        self._server.shutdown()
        self._server.server_close()


def _handler(provider: IdentityProvider) -> type[BaseHTTPRequestHandler]:
    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            provider.asked += 1
            provider.is_answering.wait()
            keys = [public | {"kid": key_id} for key_id, public in provider.published.items()]
            self.send_response(200)
            self.end_headers()
            self.wfile.write(provider.rubbish or json.dumps({"keys": keys}).encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    return Keys
