"""What was read before is read no second time, and nothing is read otherwise than without it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw

from braid.node import Kind, Origin
from braid.wire import anthropic, gemini, interactions, openai_chat, openai_responses
from braid.wire.again import Again, ReadBefore
from braid.wire.block import Block, Request

FORMATS: dict[str, tuple[str, Callable[[bytes, ReadBefore | None, str], Request]]] = {
    "messages": ("messages", anthropic.read_request),
    "chat": ("messages", openai_chat.read_request),
    "responses": ("input", lambda body, *known: openai_responses.read_request(body, "", *known)),
    "gemini": ("contents", lambda body, *known: gemini.read_request(body, "", *known)),
    "interactions": ("input", lambda body, *known: interactions.read_request(body, "", *known)),
}
# Long enough to be kept, and the same in all bodies, so that what comes behind it is looked at.
FILLER = {"role": "user", "content": "x" * 4100, "parts": [{"text": "x" * 4100}], "type": "message"}
ENTRIES: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(
        [
            {"role": "user", "content": "[one], \"messages\":[1], {two}"},
            {"role": "user", "content": [{"type": "text", "text": "é\n", "cache_control": {"a": 1}}]},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "b", "input": {"n": 1, "N": 2}}]},
            {"role": "model", "parts": [{"functionCall": {"name": "b", "args": {"n": 1.0, "N": [2]}}}]},
            {"role": "assistant", "content": None, "tool_calls": [{"id": "a", "type": "function", "function": {"name": "b", "arguments": "{}"}}]},
            {"type": "function_call", "call_id": "a", "name": "b", "arguments": "{\"n\":1}"},
            {"role": "user", "Role": "user", "content": "case"},
            {"role": "user", "content": "lone \ud800"},
            {"role": "user", "content": "more", "extra": {"messages": [{"input": []}]}},
            {"type": "text", "text": "words"},
            {}, [], 12, 1e5, "text", None, True,
        ]
    ),
    st.dictionaries(st.sampled_from(["role", "content", "parts", "type", "text"]), st.text(max_size=3)),
)  # fmt: skip
MORE: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from(
        [
            "model",
            "system",
            "tools",
            "stream",
            "metadata",
            "Messages",
            "input",
            "contents",
            "messages",
        ]
    ),
    st.sampled_from(
        [1, "words", True, [], {"messages": [1]}, [{"input": [{"messages": []}]}], {"a": 1, "A": 2}]
    ),
    max_size=4,
)


def spelled(name: str, entries: list[Any], before: dict[str, Any], after: dict[str, Any], how: int) -> bytes:  # fmt: skip
    """Write a body; its list may stand between other members, some of its own name."""
    comma, colon = [(",", ":"), (", ", ": "), (" ,", ": "), (",", ":")][how]
    members = [*before.items(), (name, entries), *after.items()]
    written = (
        json.dumps(key)
        + colon
        + json.dumps(value, ensure_ascii=how == 1, separators=(comma, colon))
        for key, value in members
    )
    return ("{" + comma.join(written) + "}").encode("utf-8", "surrogatepass")


@st.composite
def bodies(draw: st.DrawFn, name: str) -> list[bytes]:
    """Draw bodies of which each resends what another did, more or less, and may be broken."""
    told = draw(st.lists(ENTRIES, max_size=4))
    made: list[bytes] = []
    for _ in range(draw(st.integers(2, 5))):
        keep = draw(st.integers(0, len(told)))
        told = [*told[:keep], *draw(st.lists(ENTRIES, max_size=2))]
        how = draw(st.sampled_from([0, 0, 0, 1, 1, 2]))
        before, after = draw(MORE), draw(MORE)
        body = spelled(name, [FILLER, *told], before, after, how)
        if draw(st.booleans()):
            where = draw(st.integers(0, len(body) - 1))
            if draw(st.booleans()):  # behind the filler, or before it
                where = len(body) - 1 - where % 300
            gone = draw(st.integers(0, 2))
            put = draw(st.sampled_from([b"", b",", b"]", b" ", b"}", b'"', b"1", b"\xff", b"e1", b"[", b"\\"]))  # fmt: skip
            made.append(body[:where] + put + body[where + gone :])
        made.append(body)
    return made


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_is_read_otherwise_than_without_it(form: str) -> None:
    name, read = FORMATS[form]

    @settings(max_examples=150, deadline=None)
    @given(bodies(name))
    def check(made: list[bytes]) -> None:
        before = ReadBefore()
        for body in made:
            assert read(body, before, "owner") == read(body, None, "")

    check()


def say(entry: Raw) -> tuple[Block, ...]:
    return (Block(Kind.PROMPT, Origin.CLIENT, "text/plain", bytes(entry)),)


class Counted:
    """A reader of entries that says what it was given."""

    def __init__(self) -> None:
        self.given: list[bytes] = []

    def __call__(self, entry: Raw) -> tuple[Block, ...]:
        self.given.append(bytes(entry))
        return say(entry)

    def told(self, before: ReadBefore, body: bytes, owner: str = "owner") -> list[bytes]:
        """Read a body, and give the entries that had to be read."""
        self.given.clear()
        again = Again("messages", self, before, owner)
        members = again.open(body, ())
        listed = Raw(json.dumps(json.loads(body)["messages"], separators=(",", ":")).encode())
        said = again.read(listed if members is None else members["messages"])
        assert [json.loads(block.content) for block in said] == json.loads(body)["messages"]
        return list(self.given)


def written(*entries: object, **members: object) -> bytes:
    return json.dumps(
        {"model": "m", "messages": entries, **members}, separators=(",", ":")
    ).encode()


LONG = "x" * 5000


def test_only_what_is_new_is_read() -> None:
    before, reader = ReadBefore(), Counted()
    assert len(reader.told(before, written(LONG, "one"))) == 2
    assert reader.told(before, written(LONG, "one")) == []
    assert reader.told(before, written(LONG, "one", "two", system="s")) == [b'"two"']
    assert reader.told(before, written(LONG, "one", "two", "three")) == [b'"three"']
    assert reader.told(before, written(LONG, "other")) == [b'"other"']
    assert reader.told(before, written("0" + LONG)) == [json.dumps("0" + LONG).encode()]


def test_what_changes_behind_most_of_it_is_read_alone() -> None:
    before, reader = ReadBefore(), Counted()
    reader.told(before, written(*[f"{LONG}{n}" for n in range(40)], "marked"))
    assert reader.told(before, written(*[f"{LONG}{n}" for n in range(40)], "bare", "new")) == [
        b'"bare"',
        b'"new"',
    ]


def test_what_one_owner_said_is_not_known_of_another() -> None:
    before, reader = ReadBefore(), Counted()
    reader.told(before, written(LONG, "one"), "a")
    assert len(reader.told(before, written(LONG, "one"), "b")) == 2
    assert reader.told(before, written(LONG, "one"), "a") == []


def test_what_another_format_reads_is_read_by_it() -> None:
    before, reader, other = ReadBefore(), Counted(), Counted()
    reader.told(before, written(LONG, "one"))
    assert len(other.told(before, written(LONG, "one"))) == 2


def test_two_branches_of_one_conversation_are_both_known() -> None:
    before, reader = ReadBefore(), Counted()
    stem = [f"{LONG}{n}" for n in range(3)]
    one = written(*stem, *[f"one {LONG}{n}" for n in range(20)])
    two = written(*stem, *[f"two {LONG}{n}" for n in range(20)])
    reader.told(before, one)
    reader.told(before, two)
    assert reader.told(before, one) == reader.told(before, two) == []


def test_nothing_is_known_once_it_is_forgotten() -> None:
    before, reader = ReadBefore(), Counted()
    reader.told(before, written(LONG, "one"))
    before.forget()
    assert len(reader.told(before, written(LONG, "one"))) == 2


def test_what_was_used_last_is_kept_within_bounds() -> None:
    before, reader = ReadBefore(most=50_000), Counted()
    for n in range(50):
        reader.told(before, written(f"{n} {LONG}"))
        reader.told(before, written(f"0 {LONG}", str(n)))
        assert before.size <= 50_000
    assert reader.told(before, written(f"49 {LONG}")) == []
    assert reader.told(before, written(f"0 {LONG}", "49")) == []
    assert len(reader.told(before, written(f"20 {LONG}"))) == 1
    reader.told(before, written(*["y" * 5000] * 10))
    assert before.size <= 50_000
    assert len(reader.told(before, written(*["y" * 5000] * 10))) == 10


def test_one_conversation_is_kept_once() -> None:
    before, reader = ReadBefore(), Counted()
    said = [LONG]
    for n in range(30):
        reader.told(before, written(*said))
        said.append(str(n))
    assert before.size < 100_000


def test_what_is_kept_does_not_keep_whole_bodies() -> None:
    before = ReadBefore()
    use = {"type": "tool_use", "id": "a", "name": "b", "input": {}, "more": {"n": 1}}
    entry = {"role": "assistant", "content": [use], "beside": {"n": 1}}
    body = written({"role": "user", "content": LONG}, entry)
    held = sys.getrefcount(body)
    assert anthropic.read_request(body, before, "owner").messages[1].attrs["extra"]
    assert sys.getrefcount(body) == held
    assert before.size


def said(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


FIRST = written(said(LONG), said("one"))
LISTED = json.dumps([said(LONG), said("one")], separators=(",", ":")).encode()
_HELD = b'"a":{"messages":%b}' % LISTED
# So that the list inside `a`, once it is empty, stands where the other would without spaces.
_SPACES = b" " * len(b'[]},"messages":')


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":{"messages":%b},"messages":[{"role":"user","content":"two"}]}' % LISTED,
        b'{%b%b,"m\\u0065ssages":[{"role":"user","content":"two"}]}' % (_SPACES, _HELD),
        b'{"messages":%b,"messages":[]}' % LISTED,
        b'{"messages":%b,"a":{"messages":[1]}}' % LISTED,
        b'{"messages":%b,]}' % LISTED[:-1],
        b'{"messages":%b , ]}' % LISTED[:-1],
        b'{"messages":%b,}' % LISTED[:-1],
        b'{"messages":%b,' % LISTED[:-1],
        b'{"messages":%b' % LISTED[:-1],
        b'{"messages":%b}}' % LISTED,
        b'{"messages":%b,{"a":1,"a":2}]}' % LISTED[:-1],
        b'{"messages":%b,"\xff"]}' % LISTED[:-1],
        b'{"messages":%b,NaN]}' % LISTED[:-1],
        b'{"messages":%b,%b]}' % (LISTED[:-1], b"[" * 200 + b"]" * 200),
        b'{"messages":%b,"Messages":1}' % LISTED,
        b'[{"messages":%b}]' % LISTED,
        b'\xef\xbb\xbf{"messages":%b}' % LISTED,
        b' {"messages":%b}\n' % LISTED,
    ],
)
def test_a_body_that_only_looks_like_one_that_goes_on_is_read_as_it_is(body: bytes) -> None:
    before = ReadBefore()
    anthropic.read_request(FIRST, before)
    assert anthropic.read_request(body, before) == anthropic.read_request(body)


def test_a_number_that_goes_on_is_another() -> None:
    before = ReadBefore()
    one, two = (b'{"messages":["%b",%b]}' % (LONG.encode(), n) for n in (b"12", b"123"))
    anthropic.read_request(one, before)
    assert anthropic.read_request(two, before) == anthropic.read_request(two)
