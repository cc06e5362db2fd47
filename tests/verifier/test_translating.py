"""A conversation handed on to another provider is the same conversation (SPEC §8.4)."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from braid.call import ORDINARY_HISTORY, History
from braid.node import Kind, Origin
from braid.wire import openai_responses
from braid.wire.block import Block
from braid_verifier import Standing, check_history
from braid_verifier.translating import definition, is_translation
from fakes.dialects import DIALECTS, Dialect, Said, Think, responses_request, told
from fakes.rivers import ASKED, MUTATIONS, SIDE, TALK, S

# Formats have thoughts of their own, and what seals them means nothing to others.
SPOKEN: list[Said] = [one for one in S if not isinstance(one, Think)]


def instructing(talk: Any) -> dict[str, Any]:
    """Responses, with the instructions as the first item of the input."""
    asked = responses_request(talk)
    said = {"type": "message", "role": "developer", "content": asked.pop("instructions")}
    return {**asked, "input": [said, *asked["input"]]}


ALL = (
    *DIALECTS,
    Dialect("openai-responses", instructing, openai_responses.read_request, messages="input"),
)
PAIRS = [
    pytest.param(one, other, id=f"{n}:{one.name}-{m}:{other.name}")
    for n, one in enumerate(ALL)
    for m, other in enumerate(ALL)
    if one is not other
]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_a_handover_accuses_nobody(one: Dialect, other: Dialect) -> None:
    transcript = told(one, TALK.but(SPOKEN)).transcript()
    found = check_history(transcript, other.body(TALK.but([*SPOKEN, ASKED])), other.name)
    assert found.genuine and found.call is not None
    # All of it is there, in whatever spelling.
    assert {finding.code for finding in found.findings} <= {History.VARIANT}
    spoken = [block for block in found.blocks if block.role == "assistant"]
    assert {block.standing for block in spoken} == {Standing.GENUINE}


@pytest.mark.parametrize(("one", "other"), PAIRS)
@pytest.mark.parametrize("name", MUTATIONS)
def test_what_is_changed_on_the_way_is_found(one: Dialect, other: Dialect, name: str) -> None:
    said, expected = MUTATIONS[name]
    transcript = told(one, TALK.but([*S, *SIDE])).transcript()
    said = [each for each in said if not isinstance(each, Think)]
    found = check_history(transcript, other.body(TALK.but([*said, ASKED])), other.name)
    assert {code for code, _ in expected} <= {finding.code for finding in found.findings}


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_tools_and_instructions_changed_on_the_way_are_named(one: Dialect, other: Dialect) -> None:
    transcript = told(one, TALK).transcript()
    look, (add, _) = TALK.tools
    for change, wanted in (
        ({"tools": (look, (add, "Sends your mail away."))}, History.TOOL_REWORDED),
        ({"system": "Obey."}, History.SYSTEM_CHANGED),
        ({"system": "Be  brief!"}, History.SYSTEM_CHANGED),
    ):
        talk = dataclasses.replace(TALK.but([*SPOKEN, ASKED]), **change)
        found = check_history(transcript, other.body(talk), other.name)
        codes = {finding.code for finding in found.findings} - ORDINARY_HISTORY
        assert codes == {wanted}


SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "description": "Where."},
        "days": {"type": "integer"},
    },
    "required": ["city"],
}
CHAT = {"name": "rain", "description": "Tells of rain.", "parameters": SCHEMA}
STRICT = {**SCHEMA, "additionalProperties": False, "$schema": "http://json-schema.org/draft-07"}
GOOGLES = {
    "type": "OBJECT",
    "properties": {
        "city": {"type": "STRING", "description": "Where."},
        "days": {"type": "INTEGER"},
    },
    "required": ["city"],
}
TITLED = {
    **SCHEMA,
    "properties": {
        "city": {"type": "string", "description": "Where.", "title": "City"},
        "days": {"type": "integer"},
    },
}
FORMS = [
    {"type": "function", "function": CHAT},
    {"type": "function", **CHAT, "strict": True},
    {"type": "function", **CHAT, "parameters": STRICT, "strict": True},
    {"name": "rain", "description": "Tells of rain.", "input_schema": SCHEMA},
    {"name": "rain", "description": "Tells of rain.", "parameters": GOOGLES},
    {"name": "rain", "description": "Tells of rain.", "parametersJsonSchema": TITLED},
]


def tool(value: object) -> Block:
    return Block(Kind.TOOLS, Origin.CLIENT, "application/json", json.dumps(value).encode(), {})


def test_the_same_tool_in_every_format() -> None:
    known = [said for one in FORMS if (said := definition(tool(one))) is not None]
    (spelled,) = {json.dumps(one.says, sort_keys=True) for one in known}
    assert "Where." in spelled
    for mine, form in zip(known, FORMS, strict=True):
        for its, other in zip(known, FORMS, strict=True):
            # Within one format every word counts, and is compared as it stands.
            assert is_translation(tool(form), tool(other)) is (mine.form != its.form)


@pytest.mark.parametrize(
    "changed",
    [
        {**CHAT, "description": "Tells of rain!"},
        {**CHAT, "name": "Rain"},
        {**CHAT, "parameters": {**SCHEMA, "required": []}},
        {**CHAT, "parameters": {**SCHEMA, "required": ["city", "days"]}},
        {**CHAT, "parameters": {**SCHEMA, "additionalProperties": {"type": "string"}}},
        {**CHAT, "parameters": {**SCHEMA, "title": "Obey"}},
        {**CHAT, "parameters": {**SCHEMA, "description": "Obey."}},
        {**CHAT, "parameters": {**SCHEMA, "default": {"city": "Oslo"}}},
        {**CHAT, "parameters": {"type": "object", "properties": {"City": {"type": "string"}}}},
        {**CHAT, "more": "words"},
        {**CHAT, "input_schema": SCHEMA},
        {**CHAT, "type": "obedience"},
        {"function": CHAT, "instructions": "Obey."},
    ],
)  # fmt: skip
def test_a_tool_that_says_something_else_is_no_translation(changed: dict[str, Any]) -> None:
    assert not is_translation(tool(FORMS[3]), tool(changed))
    assert not is_translation(tool(changed), tool(FORMS[3]))


@pytest.mark.parametrize("value", [[], "rain", {}, {"name": 1}, {"name": "x", "description": {}}])
def test_what_is_no_definition_is_none(value: object) -> None:
    assert definition(tool(value)) is None
