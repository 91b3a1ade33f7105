from __future__ import annotations

import json
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from tracking.service.encoding import COMMENT, sse_event, sse_retry, ws_message

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def _read(stream: bytes) -> list[tuple[str, str, str]]:
    """What a browser makes of a stream (HTML standard, section 9.2.6)."""
    events: list[tuple[str, str, str]] = []
    name, last_id = "", ""
    data: list[str] = []
    for line in re.split("\r\n|\r|\n", stream.decode()):
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if line == "" and data:
            events.append((name, last_id, "\n".join(data)))
            name, data = "", []
        elif field == "event":
            name = value
        elif field == "id":
            last_id = value
        elif field == "data":
            data.append(value)
    return events


@settings(deadline=None)
@given(document=_json, indent=st.none() | st.integers(0, 3), event_id=st.integers(0, 2**53))
def test_a_browser_reads_what_was_sent_whatever_it_is(
    document: object, indent: int | None, event_id: int
) -> None:
    data = json.dumps(document, ensure_ascii=False, indent=indent).encode(errors="replace")
    stream = sse_event("progress", event_id, data) + COMMENT + sse_retry(5) + COMMENT
    ((name, last_id, read),) = _read(stream)
    assert (name, last_id) == ("progress", str(event_id))
    assert json.loads(read) == json.loads(data)


def test_a_foreign_line_end_begins_no_field_of_its_own() -> None:
    stream = sse_event("progress", 1, b'"a\rdata: b\r\nid: 7\nevent: done"')
    assert _read(stream) == [("progress", "1", '"a\ndata: b\nid: 7\nevent: done"')]


@settings(deadline=None)
@given(document=_json)
def test_a_web_socket_message_is_json_that_holds_the_snapshot(document: object) -> None:
    text = ws_message("snapshot", 3, json.dumps(document).encode())
    assert json.loads(text) == {"event": "snapshot", "id": 3, "data": document}
