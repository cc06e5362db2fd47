"""Dates and times in a client's own texts: whether nothing but the clock went on (SPEC §8.4).

Clients tell the model what day it is. Only what is wholly a date or a time counts, since any other
number may be an amount, an address or a dose; and it counts only where clients write it by
themselves, since in a question a date is what is asked about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from braid.node import Kind
from braid.wire.block import Block

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTH = (
    r"(?i:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
    r"|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
)
_DAY = r"(?i:(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs?)?|Fri|Sat(?:ur)?|Sun)(?:day)?)"
_HALF = r"(?i:[ \u00a0\u202f]?[ap]\.?m\b\.?)"
_SECONDS = r":\d\d(?:\.\d{1,9})?"
_TIME = rf"(?:\d{{1,2}}:\d\d(?:{_SECONDS})?{_HALF}?)"
_ZONE = r"(?: ?(?:(?:UTC|GMT)?[+-]\d\d:?\d\d|UTC|GMT|Z|[CEW]ES?T|BST|[ECMP][SD]T|[JK]ST|AE[SD]T)\b)"
_AT = rf"(?:(?:T|,? (?:at )?){_TIME}{_ZONE}?)?"
_NTH = r"\d{1,2}(?:st|nd|rd|th)?"
# What stands in the text between the first and the last character of a date or a time, by format.
_CLOCK = re.compile(
    rf"(?<!\w)(?<!\d[.:/-])(?:"
    rf"(?P<year_first>\d{{4}}([-/.])\d{{1,2}}\2\d{{1,2}}{_AT})"
    rf"|(?P<year_last>\d{{1,2}}([-/.])\d{{1,2}}\4\d{{4}}{_AT})"
    rf"|(?P<month_first>(?:{_DAY},? )?{_MONTH}\.? {_NTH},? \d{{4}}{_AT})"
    rf"|(?P<day_first>(?:{_DAY},? )?{_NTH}\.?[ -]{_MONTH}\.?,?[ -]\d{{4}}{_AT})"
    rf"|(?P<program>{_DAY} {_MONTH} [ \d]\d {_TIME}{_ZONE}? \d{{4}})"
    rf"|(?P<time>\d\d?:\d\d{_SECONDS}{_HALF}?{_ZONE}?|\d\d:\d\d{_ZONE}?|\d\d?:\d\d{_HALF})"
    rf")(?!\w|[.:/-]\d)"
)
_NUMBER = re.compile(r"\d+")
_WORD = re.compile(r"[a-zA-Z]+")
_ZONED = re.compile(rf"(:\d\d(?:\.\d{{1,9}})?{_HALF}?){_ZONE}")
# Tags between which clients put into the user's message what the user did not write.
_TAG = re.compile(
    r"<(/?)(system-reminder|env|environment_details|environment_context|session_context)>"
)
_NO_DATE = (1, 1, 1)
_TAKEN_OUT = "\0"  # around what stands for a date or a time


class Clock(NamedTuple):
    """A text with its dates and times taken out: `rest`, and what each may mean.

    A date whose day and month could be each other has two readings. `dated` says of each whether
    it has a date, and not only a time of day.
    """

    rest: str
    readings: tuple[tuple[datetime | None, ...], ...]
    dated: tuple[bool, ...]


def read_clock(block: Block) -> Clock | None:
    """Find the dates and times that a client wrote by itself; None where it would write none."""
    if block.kind not in (Kind.SYSTEM, Kind.PROMPT) or block.media != "text/plain":
        return None
    text = block.content.decode("utf-8", "replace")
    if _TAKEN_OUT in text:
        return None  # it could say in `rest` what only a clock may
    rest: list[str] = []
    readings: list[tuple[datetime | None, ...]] = []
    dated: list[bool] = []
    done = 0
    for begins, ends in [(0, len(text))] if block.kind is Kind.SYSTEM else _told_by_client(text):
        for found in _CLOCK.finditer(text, begins, ends):
            form = found.lastgroup or ""
            read = _read(form, found.group())
            if any(read):
                stands = f"{_TAKEN_OUT}{form}{_form(found.group())}{_TAKEN_OUT}"
                rest += (text[done : found.start()], stands)
                readings.append(read)
                dated.append(form != "time")
                done = found.end()
    if not readings:
        return None
    rest.append(text[done:])
    return Clock(" ".join("".join(rest).split()), tuple(readings), tuple(dated))


def went_on(before: Clock | None, after: Clock | None) -> bool:
    """Tell whether nothing but dates and times differs, and none of them goes back.

    A time of day without a date may begin anew where a date went on.
    """
    if before is None or after is None or before.rest != after.rest:
        return False
    later = False
    timed: list[bool] = []
    for ours, theirs, dated in zip(before.readings, after.readings, before.dated, strict=True):
        pairs = [(was, now) for was, now in zip(ours, theirs, strict=True) if was and now]
        on = any(was <= now for was, now in pairs)
        if not dated:
            timed.append(on)
        elif not on:
            return False
        else:
            later = later or any(was.date() < now.date() for was, now in pairs)
    return later or all(timed)


def _told_by_client(text: str) -> Iterator[tuple[int, int]]:
    """Give the ranges between tags that known clients write."""
    name, begins = "", 0
    for tag in _TAG.finditer(text):
        if not name and not tag.group(1):
            name, begins = tag.group(2), tag.end()
        elif tag.group(1) and tag.group(2) == name:
            yield begins, tag.start()
            name = ""


def _form(text: str) -> str:
    """Give how a date or a time is written: all of it but the numbers and names."""
    text = _NUMBER.sub("0", _ZONED.sub(r"\1Z", text))
    return _WORD.sub(lambda word: _sort(word.group()), text)


def _sort(word: str) -> str:
    """Give what a word in a date stands for."""
    low = word.lower()
    if low in ("st", "nd", "rd", "th"):
        return "n"
    if low in ("am", "pm", "a", "p"):
        return "p"
    if low[:3] in _DAYS:
        return "day"
    if low[:3] in _MONTHS:
        return "month"
    return low


def _read(form: str, text: str) -> tuple[datetime | None, ...]:
    """Give what a date or a time may mean; None for what is no day of the calendar."""
    head = _ZONED.sub(r"\1", text)
    numbers = [int(one) for one in _NUMBER.findall(head)]
    words = [one.lower() for one in _WORD.findall(head)]
    month = next((_MONTHS.index(w[:3]) + 1 for w in words if w[:3] in _MONTHS), 0)
    day = next((_DAYS.index(w[:3]) for w in words if w[:3] in _DAYS), None)
    dates: list[tuple[int, int, int]]
    match form:
        case "year_first":
            dates, rest = [(numbers[0], numbers[1], numbers[2])], numbers[3:]
        case "year_last":
            one, two, year = numbers[:3]
            dates, rest = [(year, two, one), (year, one, two)], numbers[3:]
        case "month_first" | "day_first":
            dates, rest = [(numbers[1], month, numbers[0])], numbers[2:]
        case "program":
            dates, rest = [(numbers[-1], month, numbers[0])], numbers[1:-1]
        case _:
            dates, rest = [_NO_DATE], numbers
    hour, minute, second, *_ = (*rest, 0, 0, 0)
    half = next((w for w in words if w in ("am", "pm", "a", "p")), "")
    if half:
        if not 1 <= hour <= 12:
            return (None,) * len(dates)
        hour = hour % 12 + (12 if half[0] == "p" else 0)
    return tuple(_moment(date, (hour, minute, second), day) for date in dates)


def _moment(
    date: tuple[int, int, int], time: tuple[int, int, int], day: int | None
) -> datetime | None:
    try:
        moment = datetime(*date, *time)
    except ValueError:
        return None
    return moment if day is None or moment.weekday() == day else None
