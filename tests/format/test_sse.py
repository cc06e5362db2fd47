"""Events come out the same however the stream is cut, and begin where they say."""

from __future__ import annotations

import itertools
import re

from hypothesis import example, given
from hypothesis import strategies as st

from braid.wire.sse import EventSplitter, read_fields

BODIES = st.lists(
    st.sampled_from(
        [
            b"\r",
            b"\n",
            b"\r\n",
            b"data",
            b":",
            b" ",
            b"event: x",
            b"data: y",
            b": c",
            b"\xef\xbb\xbf",
        ]
    )
).map(b"".join)
CUTS = st.lists(st.integers(0, 40), max_size=12)


def cut(body: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(body), *(place for place in places if place <= len(body))})
    return [body[start:end] for start, end in itertools.pairwise(edges)]


def split(chunks: list[bytes]) -> tuple[list[tuple[int, bytes]], bytes]:
    """Give each event with where it began in its chunk's terms, and what was left."""
    splitter = EventSplitter()
    events = [found for chunk in chunks for found in splitter.feed(chunk)]
    return events, splitter.close()


def line_by_line(body: bytes) -> list[list[bytes]]:
    """Read a stream as the standard tells it: line after line, a blank one ends an event."""
    lines = re.split(rb"\r\n|\n|\r", body.removeprefix(b"\xef\xbb\xbf"))
    events: list[list[bytes]] = [[]]
    for line in lines[:-1]:
        if line:
            events[-1].append(line)
        elif events[-1]:
            events.append([])
    return events[:-1]


@given(BODIES)
@example(b"data: y\r\n\r\ndata: y\r\n\r\n")
@example(b"\xef\xbb\xbf\n\ndata: y\n\n")
@example(b"\n\xef\xbb\xbfdata: y\n\n")
def test_events_are_those_of_the_standard(body: bytes) -> None:
    events, _ = split([body])
    assert [event.splitlines() for _, event in events] == line_by_line(body)


@given(BODIES)
def test_an_event_stands_where_it_says(body: bytes) -> None:
    events, rest = split([body])
    for at, event in events:
        assert body[at : at + len(event)] == event
    assert rest == b"" or rest in body


@given(BODIES, CUTS)
@example(b"\n\xef\xbb\xbfdata: y\n\n", [1])
@example(b"\xef\xbb\xbfdata\r\r", [1])
@example(b"data: y\r\n\r\ndata: y\r\n\r\n", [8, 9, 10, 11])
def test_cuts_change_nothing(body: bytes, places: list[int]) -> None:
    whole, rest = split([body])
    chunks = cut(body, places)
    splitter = EventSplitter()
    found: list[tuple[int, bytes]] = []
    before = 0
    for chunk in chunks:
        for at, event in splitter.feed(chunk):
            began = whole[len(found)][0]
            assert at == max(0, began - before)  # 0 for what began in an earlier chunk
            found.append((began, event))
        before += len(chunk)
    assert found == whole
    assert splitter.close() == rest


@given(BODIES)
def test_an_event_is_whole_as_soon_as_its_blank_line_has_begun(body: bytes) -> None:
    splitter = EventSplitter()
    came: list[bytes] = []
    for end in range(len(body)):
        came.extend(event for _, event in splitter.feed(body[end : end + 1]))
        assert came == [event for _, event in split([body[: end + 1]])[0]]


def test_a_line_without_end_in_single_bytes_is_no_work() -> None:
    # Looking at all bytes again for each new one would be 10^11 steps here.
    splitter = EventSplitter()
    for _ in range(400_000):
        assert splitter.feed(b"x") == []
    assert splitter.feed(b"\n\n") == [(0, b"x" * 400_000)]


def test_fields_are_taken_apart_as_the_standard_says() -> None:
    event = (
        b": hello\nevent:a\nevent: b\ndata: {\ndata:  1\ndata\ndata:}\nid: 7\nretry: 1\nodd\nx: y"
    )
    assert read_fields(event) == ("b", b"{\n 1\n\n}", b"odd\nx: y")


def test_an_event_without_data_has_none() -> None:
    assert read_fields(b"event: ping") == ("ping", None, b"")
    assert read_fields(b": only a comment") == ("", None, b"")
