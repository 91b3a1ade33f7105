"""What goes over the wire: events as Server-Sent Events and as WebSocket messages. Pure."""

from __future__ import annotations

import re

__all__ = ["COMMENT", "sse_event", "sse_retry", "ws_message"]

COMMENT = b":\n\n"
"""What a stream says when it has nothing to say, so that no proxy takes it for dead."""

_LINE_END = re.compile(rb"\r\n|\r|\n")


def sse_event(name: str, event_id: int, data: bytes) -> bytes:
    r"""Encode an event (HTML standard, section 9.2.5).

    Parameters
    ----------
    name
        What listeners ask for it by; no line ends.
    event_id
        What a viewer that comes back sends as ``Last-Event-ID``.
    data
        UTF-8; each of its lines becomes a field of its own, as the standard wants it.

    Examples
    --------
    >>> sse_event("progress", 7, b'{"seq":7}')
    b'event: progress\nid: 7\ndata: {"seq":7}\n\n'
    """
    if b"\n" in data or b"\r" in data:
        data = b"\ndata: ".join(_LINE_END.split(data))
    return b"event: %b\nid: %d\ndata: %b\n\n" % (name.encode(), event_id, data)


def sse_retry(milliseconds: int) -> bytes:
    r"""Tell a viewer how long to wait before it comes back.

    Examples
    --------
    >>> sse_retry(1500)
    b'retry: 1500\n\n'
    """
    return b"retry: %d\n\n" % milliseconds


def ws_message(name: str, event_id: int, data: bytes) -> str:
    """Encode an event as the text of a WebSocket message.

    Parameters
    ----------
    data
        JSON, in UTF-8.

    Examples
    --------
    >>> ws_message("progress", 7, b'{"seq":7}')
    '{"event":"progress","id":7,"data":{"seq":7}}'
    """
    return f'{{"event":"{name}","id":{event_id},"data":{data.decode()}}}'
