"""Dates and times that went on in a client's own texts, and what only looks like one (SPEC §8.4)."""

from __future__ import annotations

import pytest

from braid.node import Kind, Origin
from braid.wire.block import Block
from braid_verifier.clock import read_clock, went_on

WENT_ON = {
    "a date": ("Today is 2026-11-30.", "Today is 2026-12-01."),
    "a date and a time": ("Now: 2026-11-30T19:45:31.250Z", "Now: 2026-12-01T00:00:02.9Z"),
    "as Python prints it": ("It is 2026-11-30 19:45:31+01:00.", "It is 2026-11-30 19:45:32+01:00."),
    "in words": ("Today is Monday, November 30, 2026.", "Today is Tuesday, December 1, 2026."),
    "in short words": ("Mon Nov 30 2026", "Tue Dec 01 2026"),
    "day first": ("Friday, 20 November 2026, 18:05", "Saturday, 21 November 2026, 09:11"),
    "as date(1) prints it": ("Mon Nov 30 19:45:31 UTC 2026", "Tue Dec  1 19:45:31 UTC 2026"),
    "as JavaScript prints it": ("11/30/2026, 7:45:31 PM", "12/1/2026, 9:05:00 AM"),
    "with dots": ("Heute ist der 30.11.2026.", "Heute ist der 1.12.2026."),
    "another zone": ("2026-10-24 12:00 CEST", "2026-10-25 12:00 CET"),
    "a time of day": ("It is 18:05 here.", "It is 18:06 here."),
    "a time of day on the next day": ("30/11/2026. It is 23:59.", "1/12/2026. It is 00:05."),
    "two dates": ("Since 2026-11-29, now 2026-11-30.", "Since 2026-11-30, now 2026-12-01."),
    "a leap day": ("Today is 28 Feb 2028.", "Today is 29 Feb 2028."),
}
OTHER = {
    "back": ("Today is 2026-11-30.", "Today is 2026-11-29."),
    "a time of day back": ("It is 18:05 here.", "It is 18:04 here."),
    "one of two back": ("Since 2026-11-29, now 2026-11-30.", "Since 2026-11-28, now 2026-12-01."),
    "a word too": ("Today is 2026-11-30.", "Tomorrow is 2026-12-01."),
    "a word after a time": ("Till 18:05 but no more", "Till 18:06 not no more"),
    "another format": ("Today is 2026-11-30.", "Today is December 1, 2026."),
    "no day": ("Today is 2026-11-30.", "Today is 2026-11-31."),
    "no hour": ("It is 18:05.", "It is 25:05."),
    "another day of the week": ("Monday, November 30, 2026", "Friday, December 1, 2026"),
    "a decimal": ("Pay at most 10.00 EUR.", "Pay at most 9999.99 EUR."),
    "a small decimal": ("Give 0.5 mg a day.", "Give 50.0 mg a day."),
    "a fraction": ("Take 1/2 of them.", "Take 9/2 of them."),
    "an address": ("Only talk to 10.0.0.1 at all.", "Only talk to 8.8.8.8 at all."),
    "a port": ("Talk to 10.0.0.1:8420.", "Talk to 10.0.0.1:9420."),
    "a day of the week by itself": ("Attack on Monday.", "Attack on Friday."),
    "a day without a year": ("Pay on Nov 30.", "Pay on Dec 1."),
    "a number": ("Send 1000000000 NOK.", "Send 9999999999 NOK."),
    "half of the day by itself": ("Before 7 am only", "Before 7 pm only"),
    "a longer number": ("Serial 2026-11-30-4", "Serial 2026-12-01-4"),
    "a month by itself": ("Not in May 2026.", "Not in June 2026."),
}


def changed(kind: Kind, before: str, after: str) -> bool:
    was, now = (
        read_clock(Block(kind, Origin.CLIENT, "text/plain", text.encode(), {}, "user"))
        for text in (before, after)
    )
    return went_on(was, now)


@pytest.mark.parametrize("name", WENT_ON)
def test_a_clock_that_went_on_is_one(name: str) -> None:
    assert changed(Kind.SYSTEM, *WENT_ON[name])
    assert not changed(Kind.PROMPT, *WENT_ON[name])


@pytest.mark.parametrize("name", OTHER)
def test_anything_else_is_none(name: str) -> None:
    before, after = OTHER[name]
    assert not changed(Kind.SYSTEM, before, after)
    assert not changed(Kind.PROMPT, f"<env>{before}</env>", f"<env>{after}</env>")


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("<env>\nToday: {}\n</env>\nWhat happened then?", True),
        ("<system-reminder>It is {}.</system-reminder>", True),
        ("<environment_context><current_date>{}</current_date></environment_context>", True),
        ("<session_context>\nToday's date is {}.\n</session_context>", True),
        ("What happened on {} in Norway?", False),
        ("<env>It is dark.</env> What happened on {}?", False),
        ("<env>What happened on {}?", False),
        ("What happened on {}?</env>", False),
        ("<mine>{}</mine>", False),
    ],
)
def test_a_date_in_a_question_is_what_is_asked_about(text: str, is_one: bool) -> None:
    before, after = text.format("2026-11-30"), text.format("2026-12-01")
    assert changed(Kind.PROMPT, before, after) is is_one
    assert not changed(Kind.TOOL_RESULT, before, after)


def test_nobody_can_write_what_stands_for_a_clock() -> None:
    assert not changed(Kind.SYSTEM, "From 12:30 till 12:31", "From 12:30 till \0time0:0\0")
    assert not changed(Kind.SYSTEM, "At 12:30", "At \0time0:0\0")


def test_a_question_beside_a_clock_is_not_reworded() -> None:
    asked = "<env>2026-11-30</env> Is it {}?"
    assert not changed(Kind.PROMPT, asked.format("safe"), asked.format("dangerous"))
