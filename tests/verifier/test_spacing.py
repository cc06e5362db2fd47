"""White space: what honest clients change of it says the same, and nothing else does (SPEC §8.4)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from braid.call import History
from braid_verifier import HistoryCheck, Standing, check_history, laying
from braid_verifier.spacing import beginning, same_spaces, trimmed
from fakes.dialects import DIALECTS, Dialect, Said, Say, Talk, told, user
from fakes.past import Past
from fakes.rivers import ASKED

CODE = "if ok:\n    check()\n    pay()"
HONEST = {
    "trimmed": (["\n Yes, it is.\n"], ["Yes, it is."]),
    "line ends": (["a b\r\n  c"], ["a b\n  c"]),
    "ends of lines": (["a  \n\nb"], ["a\n\nb"]),
    "cut anywhere": (["not able"], ["not", " ab", "le"]),
    "white space by itself": (["a b"], ["a", " ", "b"]),
    "split at a paragraph": (["One.\n\nTwo."], ["One.", "Two."]),
    "split at a line of code": ([CODE], ["if ok:\n    check()\n", "    pay()"]),
    "joined": (["One.", "Two."], ["One.\n\nTwo."]),
    "joined to a prefill": (["It", "is seven."], ["It is seven."]),
    "trimmed and joined": (["One. ", "Two."], ["One.\nTwo."]),
    "several, trimmed": (["One. ", "\nTwo."], ["One.", "Two."]),
    "JSON": (['{"a": [1, 2]}'], ['{"a":[1,2]}']),
    "JSON in pieces": (['{"a b":', " 1}"], ['{"a b":1}']),
}
FORGED = {
    "a word from two": (["It is not able to."], ["It is notable to."]),
    "a number from two": (["max 5 0"], ["max 50"]),
    "two from a number": (["max 50"], ["max 5 0"]),
    "outdented": ([CODE], ["if ok:\n    check()\npay()"]),
    "indented": (["check()\npay()"], ["check()\n    pay()"]),
    "another blank": (["a b"], ["a\u00a0b"]),
    "a line broken": (["a b"], ["a\nb"]),
    "lines joined": (["a\nb"], ["a b"]),
    "a blank lost in a cut": (["max 5 0"], ["max 5", "0"]),
    "a blank won in a cut": (["max 50"], ["max 5 ", "0"]),
    "a blank between": (["max 50"], ["max 5", " ", "0"]),
    "outdented in a cut": ([CODE], ["if ok:\n    check()", "pay()"]),
    "a blank lost where joined": (["max 5 ", "0"], ["max 50"]),
    "a line lost where joined": (["max 5\n", "0"], ["max 50"]),
    "outdented where joined": (["check()\n", "    pay()"], ["check()\npay()"]),
    "in a string of JSON": (['{"a": "b c"}'], ['{"a": "bc"}']),
    "a number in JSON": (['{"a": 50}'], ['{"a": 5 0}']),
}


@pytest.mark.parametrize("name", HONEST)
def test_what_honest_clients_do(name: str) -> None:
    assert same_spaces(*HONEST[name])


@pytest.mark.parametrize("name", FORGED)
def test_what_changes_words(name: str) -> None:
    assert not same_spaces(*FORGED[name])


def test_trimmed() -> None:
    assert trimmed(" a  \r\n  b c\r") == "a\n  b c"
    assert trimmed('{"a b" : "c\\" d"}\n') == '{"a b":"c\\" d"}'


@pytest.mark.parametrize(("letters", "text"), [(1, "a"), (2, "a b"), (3, "a bc"), (4, "a bc\nd")])
def test_beginning(letters: int, text: str) -> None:
    assert beginning("a bc\nd ", letters) == text


@pytest.fixture(params=DIALECTS, ids=lambda dialect: dialect.name)
def dialect(request: pytest.FixtureRequest) -> Dialect:
    chosen: Dialect = request.param
    return chosen


def check(dialect: Dialect, words: str, *came: Said, policy: str = "reject") -> HistoryCheck:
    question = user("How many legs has a spider?")
    transcript = told(dialect, Talk((question, Say(words)))).transcript()
    body = dialect.body(Talk((question, *came, ASKED)))
    return check_history(transcript, body, dialect.name, policy=policy)


def codes(dialect: Dialect, words: str, *came: Said) -> set[History]:
    return {one.code for one in check(dialect, words, *came).findings}


@pytest.mark.parametrize("name", [name for name, (said, _) in FORGED.items() if len(said) == 1])
def test_words_spaced_otherwise_are_edited(dialect: Dialect, name: str) -> None:
    (said,), came = FORGED[name]
    assert History.EDITED in codes(dialect, said, *map(Say, came))


@pytest.mark.parametrize("name", [name for name, (said, _) in HONEST.items() if len(said) == 1])
def test_honest_spacing_is_not(dialect: Dialect, name: str) -> None:
    (said,), came = HONEST[name]
    assert codes(dialect, said, *map(Say, came)) <= {History.CONTINUED, History.VARIANT}


@pytest.mark.parametrize("name", [name for name, (said, _) in FORGED.items() if len(said) == 1])
def test_who_is_strict_refuses_words_spaced_otherwise(dialect: Dialect, name: str) -> None:
    (said,), came = FORGED[name]
    found = check(dialect, said, *map(Say, came), policy="strict")
    false = [one.code for one in found.blocks if one.standing is Standing.FALSE]
    assert not found.genuine and set(false) == {History.EDITED}


@pytest.mark.parametrize("name", [name for name, (said, _) in HONEST.items() if len(said) == 1])
def test_who_is_strict_accuses_no_honest_spacing(dialect: Dialect, name: str) -> None:
    (said,), came = HONEST[name]
    found = check(dialect, said, *map(Say, came), policy="strict")
    assert found.genuine and Standing.CLAIMED not in {one.standing for one in found.blocks}


def test_no_number_of_texts_spaced_otherwise_is_read_over_and_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each of the texts that came has the letters of each that was said, and fits none."""
    (dialect,) = (one for one in DIALECTS if one.name == "anthropic")
    words = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    said = [Say(" ".join(words[:n]) + "\n" + " ".join(words[n:])) for n in range(1, 10)]
    came = [Say("  ".join(words[:n]) + "\t" + " ".join(words[n:])) for n in range(1, 9)]
    letters = sum(map(len, words))
    read = 0

    def reading(ours: Sequence[str], theirs: Sequence[str]) -> bool:
        nonlocal read
        read += letters
        return same_spaces(ours, theirs)

    monkeypatch.setattr(laying, "same_spaces", reading)
    question = user("How many legs has a spider?")
    past = Past(dialect.blocks(Talk((question, *said))))
    for most in (0, 5 * letters, 20 * letters):
        read = 0
        monkeypatch.setattr(laying, "_IN_VAIN", most)
        judgement = past.judge(dialect.blocks(Talk((question, *came, ASKED))))
        assert read == most
        assert History.EDITED in {verdict.code for verdict in judgement.blocks}
