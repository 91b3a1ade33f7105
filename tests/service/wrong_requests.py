"""Requests that are wrong in all ways that HTTP offers, made up at random."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

__all__ = ["wrong_request"]

CHECK, STREAM = "/api/instances/check/", "/api/generation/stream/job/"
SOCKET, STATUS = "/api/generation/ws/job/", "/api/status/job"
PATHS = ("/", CHECK, STREAM, SOCKET, STATUS, "/api/generation-jobs/", "/api/stages", "/metrics")

FORM = (
    b'--b\r\nContent-Disposition: form-data; name="instance"; filename="a.ectt"\r\n'
    b"Content-Type: text/plain\r\n\r\nName: a\r\nCourses: 1\r\n\r\n"
    b'--b\r\nContent-Disposition: form-data; name="seed"\r\n\r\n7\r\n--b--\r\n'
)
UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
TARGETS = (
    "*", "http://elsewhere/", "//elsewhere/", "/..", "/../../etc/passwd", "/%2e%2e/%2e%2e", "/%00",
    "/api/status/%ff%fe", "/api/status/%ed%a0%80", "/api/status/%zz%", "/api/status/\xff\xfe",
    "/api/status/a%0d%0aSet-Cookie:%20a=b", "/api/generation-jobs/..%2f..%2f/", "/#a", "/ /",
    "/api/status/" + "x" * 60_000, "/" + "x" * 100_000, "/jobs/" + "x" * 1_000_000, "?",
    "/api/stages/../stages",
)  # fmt: skip
QUERIES = (
    "cursor=%ff", "cursor=1&cursor=x", "&&&=&", "cursor=" + "9" * 5000, "cursor=1e9", "plan[]=x",
    "ticket=%00", "ticket=%ed%a0%80.b.c", "limit=%D9%A3", "plan=%f0%28", "%", "a=" + "b" * 50_000,
)  # fmt: skip
HEADERS = (
    "A : b", "A: \0", "A", ": b", "A: b\r\n folded", "A: " + "x" * 70_000, "Host: y", "\xff: \xff",
    "Cookie: horarium_session=\xff; =; \xfe", "Authorization: Bearer \xff", "Last-Event-ID: \xb2",
    "Range: bytes=9-1,,x", "Accept-Encoding: \xff;q=nan", "X-Forwarded-For: ,,;:x",
    "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c", "Expect: 100-continue", "TE: \xff",
    "Idempotency-Key: \xff\xfe", "\r\n".join(f"A{number}: b" for number in range(2000)),
)  # fmt: skip
LENGTHS = (
    "Content-Length: -1", "Content-Length: x", "Content-Length: \xb2", "Content-Length: 3",
    "Content-Length: 3\r\nContent-Length: 4", "Content-Length: 99999999", "Content-Length: 0",
    "Content-Length: 999999999999999999999999", "Transfer-Encoding: gzip",
    "Content-Length: 3\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked",
)  # fmt: skip
KINDS = (
    "application/json", "text/plain", "multipart/form-data", "multipart/form-data; boundary=",
    "multipart/form-data; boundary=\xff", "multipart/form-data; boundary=" + "b" * 500,
    "multipart/form-data; boundary=b; charset=none", "multipart/form-data; boundary=c", "\xff",
)  # fmt: skip
SOCKETS = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\n",
    UPGRADE.replace("==", ""),
    UPGRADE.replace("13", "99"),
    UPGRADE + "Content-Length: 5\r\n",
    UPGRADE + "Sec-WebSocket-Extensions: ;;;\r\nSec-WebSocket-Protocol: ,,\x01\r\n",
    UPGRADE + "Origin: http://[::1\r\nCookie: horarium_session=x\r\n",
    UPGRADE + "A: \xff\r\n",
    UPGRADE + "\r\n".join(f"A{number}: b" for number in range(200)) + "\r\n",
)


def wrong_request(pick: Random, token: str) -> bytes:
    """Make up a request; what is not wrong with it is right, the token included."""
    make = pick.choice(_MAKERS)
    request = make(pick, f"Authorization: Bearer {token}\r\n")
    if pick.random() < 0.2:  # and it is not even sent to its end
        request = request[: pick.randint(1, len(request))]
    return request


def _request(line: str, headers: str, body: bytes = b"") -> bytes:
    return f"{line}\r\nHost: x\r\n{headers}\r\n".encode("latin-1") + body


def _method(pick: Random, token: str) -> bytes:
    method = pick.choice(("BREW", "get", "", "PRI", "TRACE", "CONNECT", "OPTIONS", "HEAD", "G\0T"))
    version = pick.choice(("HTTP/1.1", "HTTP/2.0", "HTTP/9.9", "", "HTTP/1.1 x"))
    return _request(f"{method} {pick.choice(PATHS)} {version}", token)


def _target(pick: Random, token: str) -> bytes:
    upgrade = pick.choice(("", UPGRADE))
    return _request(f"GET {pick.choice(TARGETS)} HTTP/1.1", token + upgrade)


def _query(pick: Random, token: str) -> bytes:
    upgrade = pick.choice(("", UPGRADE))
    path = pick.choice(PATHS)
    return _request(f"GET {path}?{pick.choice(QUERIES)} HTTP/1.1", token + upgrade)


def _header(pick: Random, token: str) -> bytes:
    chosen = "".join(f"{header}\r\n" for header in pick.sample(HEADERS, pick.randint(1, 3)))
    return _request(f"GET {pick.choice(PATHS)} HTTP/1.1", token + chosen)


def _length(pick: Random, token: str) -> bytes:
    headers = f"{token}{pick.choice(LENGTHS)}\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    body = pick.choice((FORM, b"abc", b"0\r\n\r\n", b"zz\r\nabc", b"ffffffffffffffffff\r\nabc"))
    return _request(f"POST {pick.choice(PATHS)} HTTP/1.1", headers, body)


def _body(pick: Random, token: str) -> bytes:
    """A body of another type than it says, or a form with something changed in it."""
    kind, body = pick.choice(KINDS), pick.choice((b"{", b"[" * 5000, b'{"seed": 1e999}', FORM))
    if pick.random() < 0.5:
        kind, body = "multipart/form-data; boundary=b", _changed(pick, FORM)
    headers = f"{token}Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return _request(f"POST {CHECK} HTTP/1.1", headers, body)


def _socket(pick: Random, token: str) -> bytes:
    headers = token + pick.choice(SOCKETS)
    method, path = pick.choice(("GET", "GET", "POST")), pick.choice((SOCKET, SOCKET, *PATHS))
    return _request(f"{method} {path} HTTP/1.1", headers, pick.randbytes(50))


def _noise(pick: Random, token: str) -> bytes:
    right = _request("GET / HTTP/1.1", token)
    hello = bytes.fromhex("16030100a5010000a10303")  # as TLS begins
    noise = pick.randbytes(pick.randrange(1, 300))
    return pick.choice((noise, hello + noise, right * 30, right + noise, _changed(pick, right)))


def _changed(pick: Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(pick.randint(1, 5)):
        place = pick.randrange(len(changed))
        changed[place : place + pick.randint(0, 8)] = pick.randbytes(pick.randint(0, 8))
    return bytes(changed)


_MAKERS: tuple[Callable[[Random, str], bytes], ...] = (
    _method, _target, _query, _header, _length, _body, _socket, _noise,
)  # fmt: skip
