"""The way from a passage back to the content it was taken from."""

import pytest

from braid_verifier.leaks.passage import Passage, PassageKind
from braid_verifier.leaks.written import Written

# '# wait\n# "no"' inside a JSON string: "# wait\n# \"no\""
CONTENT = r'"# wait\n# \"no\""'
PASSAGE = Passage(
    PassageKind.COMMENT,
    Written('wait\n"no"', [0, 4, 5, 6, 8], [3, 7, 11, 13, 15], [4, 2, 2, 2, 2]),
    "python",
)


@pytest.mark.parametrize(
    ("words", "written"),
    [
        ("wait", "wait"),
        ("ai", "ai"),
        ("wait\n", r"wait\n"),
        ('"no"', r"\"no\""),
        ("no", "no"),
        ("o", "o"),
        ("t\n", r"t\n"),
        ('t\n"n', r"t\n# \"n"),
    ],
)
def test_words_of_a_passage_are_found_in_the_content(words: str, written: str) -> None:
    start = PASSAGE.text.index(words)
    opens, closes = PASSAGE.source_span(start, start + len(words))
    assert CONTENT[opens:closes] == written


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (3, 3), (4, 2), (0, 10)])
def test_a_span_outside_the_text_is_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match=r"inside 0:9, got"):
        PASSAGE.source_span(start, end)
