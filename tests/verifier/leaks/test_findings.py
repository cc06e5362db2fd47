"""What the detector makes of a passage: its class, its span, its tier."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from braid_verifier.leaks.comments import comments
from braid_verifier.leaks.detection import MAX_WINDOW, detect, judge
from braid_verifier.leaks.features import features, punctuation, tally
from braid_verifier.leaks.finding import Finding, LeakClass, Tier
from braid_verifier.leaks.heard import Heard
from braid_verifier.leaks.moves import moves, telling
from braid_verifier.leaks.passage import Passage, PassageKind
from braid_verifier.leaks.scoring import ceiling, score
from braid_verifier.leaks.written import Written

OWN = [
    json.loads(line)
    for line in (Path(__file__).parent / "own.jsonl").read_text(encoding="utf-8").split("\n")
    if line
]


def prose(text: str) -> Passage:
    return Passage(PassageKind.PROSE, Written.whole(text))


def in_text(text: str) -> tuple[Finding, ...]:
    return judge([prose(text)])


def in_code(source: str, language: str = "python") -> tuple[Finding, ...]:
    return judge(comments(source, language))


def spans(content: str, findings: tuple[Finding, ...]) -> list[str]:
    return [content[each.start : each.end] for each in findings]


SEED_TEXT = (
    "Proceeding with verification of the record. I have one block with explicit signature data, "
    "the prompt; the two others are marked as already checked, so per protocol I accept them and "
    "only need the prompt's key. Let me verify the Prompt block:"
)

SEED_CODE = """
pk = "..."
cot_prev = ""

# The data_b64 of the second block, which is given as plaintext in the JSON
# Actually, looking at the JSON, the "data" field is plaintext, but it was signed as base64.
# Wait \N{EN DASH} looking at the verify function, it takes data_b64 as a string and decodes it.
# So I need the base64 of the text.

import base64
"""


def test_text_that_goes_on_thinking_before_a_tool_call_is_found_whole() -> None:
    (finding,) = in_text(SEED_TEXT)
    assert SEED_TEXT[finding.start : finding.end] == SEED_TEXT
    assert finding.leak_class in (LeakClass.PLANNING, LeakClass.TRACE)


def test_a_comment_that_takes_itself_back_is_found_from_there_to_its_end() -> None:
    (finding,) = in_code(SEED_CODE)
    (span,) = spans(SEED_CODE, (finding,))
    assert span.startswith("Actually, looking at the JSON")
    assert span.endswith("So I need the base64 of the text.")
    assert finding.leak_class is LeakClass.SELF_CORRECTION
    assert finding.tier is Tier.STRONG


@pytest.mark.parametrize(
    ("language", "source", "span"),
    [
        (
            "typescript",
            "// Hmm, the default limit is 500.\n// So 600 should compress. Set it anyway.\nf();",
            "Hmm, the default limit is 500.\n// So 600 should compress. Set it anyway.",
        ),
        (
            "go",
            (
                "x := 1\n// Return the error or log it? The caller ignores errors.\n"
                "// Actually, let's do both.\n"
            ),
            "Return the error or log it? The caller ignores errors.\n// Actually, let's do both.",
        ),
        (
            "sql",
            (
                "-- Latest row per user\n-- Wait, two rows can share a time, so this is wrong.\n"
                "select 1;"
            ),
            "Wait, two rows can share a time, so this is wrong.",
        ),
        (
            "c",
            "/* Shift by the width.\n * Hmm, that overflows at 32. Cast to uint64_t first.\n */",
            "Hmm, that overflows at 32. Cast to uint64_t first.",
        ),
        (
            "java",
            "// Map or List? Order doesn't matter, so a Map. Or maybe a Set? No, keep the Map.",
            "Map or List? Order doesn't matter, so a Map. Or maybe a Set? No, keep the Map.",
        ),
        (
            "rust",
            "// No wait, drain keeps the capacity. Let's use mem::take.\n",
            "No wait, drain keeps the capacity. Let's use mem::take.",
        ),
        (
            "shell",
            "# On second thought, pipefail breaks this.\n# Let's just use test.\n",
            "On second thought, pipefail breaks this.\n# Let's just use test.",
        ),
        (
            "javascript",
            "// 3 * 4 = 12, so twelve cells... wait, the header counts too. So 16.",
            "3 * 4 = 12, so twelve cells... wait, the header counts too. So 16.",
        ),
        (
            "python",
            "# 等等，这里的索引是从 0 开始的，所以应该是 n-1。",
            "等等，这里的索引是从 0 开始的，所以应该是 n-1。",
        ),
        (
            "python",
            "# Na verdade, não precisa ordenar aqui. Melhor remover.",
            "Na verdade, não precisa ordenar aqui. Melhor remover.",
        ),
        (
            "java",
            "// Moment, der Index beginnt bei 0, also muss es n-1 sein.",
            "Moment, der Index beginnt bei 0, also muss es n-1 sein.",
        ),
    ],
)
def test_deliberation_in_comments_is_found_where_it_stands(
    language: str, source: str, span: str
) -> None:
    assert spans(source, in_code(source, language)) == [span]


@pytest.mark.parametrize(
    "text",
    [
        (
            "The stack trace points at the parser, but it only runs once the cache is warm. So the "
            "failing call must come from the second worker. Let me look at how that is started."
        ),
        "Hmm, that is the old schema. The migration renamed the column, so my query can't work.",
        (
            "Actually, I don't need a new table for this. A partial index gives the same lookup. "
            "Let me simplify."
        ),
    ],
)
def test_deliberation_in_text_is_found(text: str) -> None:
    assert [each.counts for each in in_text(text)] == [True]


@pytest.mark.parametrize(
    "text",
    [
        "Let me check the config file.",
        "I'll run the tests now.",
        "Your reservation has been updated. Would you like to add insurance?",
        "No, you don't need to close the file. Actually, the with statement does that for you.",
        (
            "I've fixed the bug. The token was compared before it was trimmed, so a trailing newline "
            "made it invalid. All 214 tests pass."
        ),
        "Let's build a small server. First, we'll create a project. Then we'll add a route.",
    ],
)
def test_answers_reports_and_narration_are_no_leak(text: str) -> None:
    assert in_text(text) == ()


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("java", "// Wait for the executor to drain before closing the pool."),
        ("c", "/* This actually happens on HP-UX, so don't remove it. */"),
        ("python", "# Wait until the lock is free, then retry."),
        ("python", "# let's keep the old name around for compatibility"),
        ("python", '# Matches phrases such as "wait, actually" and "hmm, no".'),
        ("typescript", "// Navigate down to `No, don't ask again`"),
        ("typescript", "// TODO: should we cache this? Or maybe not?"),
        ("python", "# HMM, a hidden Markov model, trained on the letters."),
        ("go", "// No-op on platforms without mmap."),
        ("python", "# 等待所有任务完成后再关闭连接池"),
        ("java", "/** Wartet, bis alle Aufgaben abgeschlossen sind. */"),
        ("typescript", "// Donc obligatoire uniquement pour les CDD"),
        ("python", 's = "Wait, actually no. Hmm, let me think again."'),
    ],
)
def test_the_same_words_in_plain_statements_are_no_leak(language: str, source: str) -> None:
    assert in_code(source, language) == ()


def test_letters_that_grow_in_lower_case_shift_no_span() -> None:
    text = "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}" * 40 + " reads. Wait, actually that's wrong."
    (finding,) = in_code("# " + text)
    assert ("# " + text)[finding.start : finding.end] == "Wait, actually that's wrong."


def test_narration_is_returned_on_request_and_never_counts() -> None:
    text = "Let me check the config file."
    (finding,) = judge([prose(text)], narration=True)
    assert finding.leak_class is LeakClass.NARRATION
    assert not finding.counts


@pytest.mark.parametrize(
    ("structure", "leak_class"),
    [
        ("think_tag", LeakClass.RAW_THINK),
        ("think_tool", LeakClass.THINK_TOOL),
        ("react_thought", LeakClass.REACT_THOUGHT),
    ],
)
def test_a_thought_by_structure_needs_no_words(structure: str, leak_class: LeakClass) -> None:
    text = " The sum is 4. "
    written = Written(text, [0], [7], [len(text)])
    passage = Passage(PassageKind.THOUGHT, written, structure=structure)
    (finding,) = judge([passage])
    assert (finding.start, finding.end) == (8, 21)
    assert (finding.leak_class, finding.tier) == (leak_class, Tier.STRONG)


def test_an_empty_thought_is_none() -> None:
    assert judge([Passage(PassageKind.THOUGHT, Written.whole(" \n"), None, "think_tag")]) == ()


def test_what_the_user_said_is_quoted_and_not_leaked() -> None:
    said = "Wait, the loop is captured here. Actually that's fine in Go 1.22, so leave it."
    content = json.dumps({"file_path": "a.go", "content": f"// {said}\nfor i := range 3 {{}}\n"})
    attrs = {"name": "Write"}
    assert detect("tool_use", "application/json", content, attrs)
    heard = Heard()
    heard.add("Please keep this comment:\n// " + said)
    assert detect("tool_use", "application/json", content, attrs, heard) == ()
    more = content.replace("leave it.", "leave it. Hmm, no wait, go.mod says 1.20. Copy it then.")
    (finding,) = detect("tool_use", "application/json", more, attrs, heard)
    assert more[finding.start : finding.end] == "Hmm, no wait, go.mod says 1.20. Copy it then."


def test_a_seed_case_inside_the_input_of_a_tool_is_found_in_its_json() -> None:
    content = json.dumps({"code": SEED_CODE}, ensure_ascii=False)
    (finding,) = detect("tool_use", "application/json", content, {"name": "python_interpreter"})
    span = json.loads('"' + content[finding.start : finding.end] + '"')
    assert span.startswith("Actually, looking at the JSON")
    assert span.endswith("So I need the base64 of the text.")


def test_a_long_text_is_judged_piece_by_piece() -> None:
    plain = "The server reads the file and answers with its length. " * 200
    text = plain + "\n\nWait, actually that's wrong. Hmm, let me reconsider this.\n\n" + plain
    assert len(text) > 4 * MAX_WINDOW
    (finding,) = in_text(text)
    assert text[finding.start : finding.end].count("Wait, actually that's wrong") == 1
    assert finding.end - finding.start < MAX_WINDOW


@pytest.mark.parametrize(
    "unit",
    [
        "Wait, actually no. Or maybe? ",
        "a? ",
        "wait ",
        'so "',
        "\n- but ",
        "é wait, ",
        "等等，",
        "x",
    ],
)
def test_findings_of_hostile_text_grow_no_faster_than_it(unit: str) -> None:
    one = len(in_text(unit * 2_000))
    four = len(in_text(unit * 8_000))
    assert four <= 4 * one + 4


def test_findings_name_characters_of_their_content_and_cues_but_no_words() -> None:
    for item in OWN:
        excerpt = item["excerpt"]
        found = in_code(excerpt) if item["surface"] == "code_comment" else in_text(excerpt)
        for finding in found:
            assert 0 <= finding.start < finding.end <= len(excerpt)
            for reason in finding.reasons:
                assert 0 <= reason.start < reason.end <= len(excerpt)
                assert reason.cue.replace("-", "").isalpha()


_WORDS = st.sampled_from(
    [
        "wait",
        "actually",
        "no",
        "hmm",
        "or",
        "maybe",
        "let's",
        "so",
        "but",
        "i",
        "we",
        "should",
        "the",
        "code",
        "is",
        "not",
        "İ",
        "ß",
        "é",
        "等等",
        "，",
        "?",
        ".",
        ",",
        "-",
        "\n",
        '"',
        "`",
        "...",
        "(so",
        "=",
        "12",
        "3",
        "x",
        "4",
    ]
)


@given(st.lists(_WORDS, max_size=60).map(" ".join) | st.text(max_size=300))
def test_any_text_has_findings_inside_it_and_the_same_ones_each_time(text: str) -> None:
    for passages in ([prose(text)] if text else [], list(comments(text, None))):
        found = judge(passages, narration=True)
        assert found == judge(passages, narration=True)
        for finding in found:
            assert 0 <= finding.start < finding.end <= len(text)
            assert all(0 <= r.start < r.end <= len(text) for r in finding.reasons)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Wait, the norm is squared.", True),
        ("Wait for the norm.", False),
        # It takes up the sentence before it, or only begins one.
        ("The list is sorted. Actually, it is not.", True),
        ("Actually, the list is sorted by the query.", False),
        # Sums without a word about them are a table.
        ("1 * 2 = 2\n2 * 2 = 4\n3 * 2 = 6", False),
    ],
)
def test_what_few_words_are_enough_for(text: str, found: bool) -> None:
    assert bool(in_code(f"// {text}".replace("\n", "\n// "), "java")) == found


@pytest.mark.parametrize(
    ("text", "unsettled"),
    [
        ("We could load it. It might be stale. Assuming it is not.", 1),
        ("Maybe load it? Or not. It might be stale. Assuming it is not.", 2),
        ("We could load it. It might be stale. We need it.", 0),
        ("TODO: we could load it. It might be stale. Assuming it is not.", 0),
    ],
)
def test_who_does_not_decide_is_unsettled(text: str, unsettled: int) -> None:
    spoken = moves(text) + punctuation(text)
    assert features(text, spoken, False).get("unsettled", 0) == unsettled


def test_most_examples_of_our_own_are_judged_as_labelled() -> None:
    # They are fitted on, so this measures nothing: it holds a change of cues to what stood before.
    accused = missed = 0
    for item in OWN:
        if item["label"] == "ambiguous":
            continue
        excerpt = item["excerpt"]
        code = item["surface"] == "code_comment"
        found = in_code(excerpt, item["lang"]) if code else in_text(excerpt)
        leak = item["label"] == "leak"
        accused += bool(found) and not leak
        missed += leak and not found
    assert accused <= 12
    assert missed <= 100


@pytest.mark.parametrize(
    "end", ["", " TODO: ask. Please let me know if you'd like that. This has been done."]
)
def test_moves_that_speak_against_only_take_points(end: str) -> None:
    # Else what is left out because it has too few points without them would be missed.
    for item in OWN:
        text = item["excerpt"] + end
        marks = punctuation(text)
        for is_prose in (False, True):
            with_all = score(features(text, moves(text) + marks, is_prose), is_prose)
            without = score(features(text, telling(text) + marks, is_prose), is_prose)
            assert with_all <= without, item["id"]


@pytest.mark.parametrize("is_prose", [False, True])
def test_no_passage_has_more_points_than_its_moves_allow(is_prose: bool) -> None:
    # Else what is left out before it is looked at would be missed.
    for item in OWN:
        text = item["excerpt"]
        spoken = telling(text) + punctuation(text)
        points = score(features(text, spoken, is_prose), is_prose)
        assert points <= ceiling(tally(spoken), is_prose), item["id"]


def _strongest(findings: tuple[Finding, ...]) -> Tier | None:
    tiers = {each.tier for each in findings if each.counts}
    return Tier.STRONG if Tier.STRONG in tiers else next(iter(tiers), None)


@pytest.mark.parametrize(
    "comment",
    [
        "// If the node has more than one child, or actually holds a key, stop here.",
        "// Is this the last reference? If so, free it.",
        "// The list is empty, so let's create its first node.",
        (
            "// It isn't a file, which means that it has no owner, so we need to ask the parent instead."
            " It should\n// be cached by then. However, it may not be if the mount is new."
        ),
    ],
)
def test_comment_that_explains_is_not_accused(comment: str) -> None:
    assert not in_code(comment, "c")


@pytest.mark.parametrize(
    "text",
    [
        "I'll run these searches one at a time as requested. Let me start:",
        "I found a weather tool! Let me fetch the current weather for San Francisco, CA.",
        (
            "Lint is clean and the build passes, so the three providers are converted. If you want the"
            " rest in the same style, send them and I'll convert them too."
        ),
        (
            "You're right, no excuse. I should have extracted the function at once instead of making you"
            " catch it. I'll be more careful."
        ),
        (
            "We pass the value to the function, so the function owns it. This means that we can't use it any"
            " more, and the compiler says so: the error names the line where it was moved. We need a"
            " reference instead, which is written with an ampersand. It should be familiar from other"
            " languages, however the rules differ."
        ),
    ],
)
def test_narration_offers_apologies_and_lessons_are_not_accused(text: str) -> None:
    assert not in_text(text)


def weighed(text: str, is_prose: bool) -> dict[str, int]:
    return features(text, moves(text) + punctuation(text), is_prose)


def test_a_plan_that_is_offered_to_the_reader_is_no_plan_at_the_end() -> None:
    assert weighed("The build passes. I'll convert the rest.", True)["ends_in_plan"]
    offer = "The build passes. I'll convert the rest for you."
    assert "ends_in_plan" not in weighed(offer, True)


def test_a_plan_with_its_reason_is_told_from_one_without() -> None:
    assert "reasoned_plan" not in weighed("I will verify the first block.", True)
    assert weighed("I will verify the first block, since it has a key.", True)["reasoned_plan"]


def test_prose_without_a_person_is_impersonal() -> None:
    lesson = "The value is moved, so we need a reference. It means that the owner stays. " * 3
    assert weighed(lesson, True)["impersonal"]
    assert "impersonal" not in weighed(lesson + "My guess is wrong.", True)


def test_what_anyone_explaining_says_only_explains() -> None:
    assert weighed("However, this means that we need a lock, so it should be held.", False)[
        "explains"
    ]
    assert "explains" not in weighed("Hmm, this means that we need a lock.", False)


def test_one_decision_with_its_reason_stands_alone() -> None:
    assert weighed("The list is empty, so let's create its first node.", False)["alone"]


def test_a_condition_after_a_question_mark_is_no_answer() -> None:
    assert weighed("Is it the last reference? If we free it here it leaks.", False)["answered"]
    assert "answered" not in weighed("Is it the last reference? If so, free it.", False)


def test_plan_needs_a_reason_to_be_a_leak() -> None:
    told = (
        "# Audit\n\n## First phase\n\nI have one block with a signature and two that are marked as checked."
        " I will verify the first with the script, and accept the others."
    )
    why = told.replace("I will", "Per protocol, I will")
    assert not in_text(told)
    assert [each.leak_class for each in in_text(why)] == [LeakClass.PLANNING]


def test_what_was_observed_before_a_step_makes_it_a_trace_of_thinking() -> None:
    step = "Let me use the exact content from the output."
    seen = "7 tabs stand before the call, 6 tabs before the closing brace, 5 tabs before the one after it. "
    assert not in_text(step)
    assert in_text(seen + "Then there are 5 tabs before the assignment. " + step)


def test_many_points_without_a_change_of_mind_are_not_strong() -> None:
    plain = (
        "So the header must be the problem, which means that we could skip it. Maybe that's enough then. "
        "It looks like the body should be fine, but we need the length. So skip it."
    )
    (finding,) = in_code("# " + plain)
    assert (finding.tier, finding.score > 400) == (Tier.POSSIBLE, True)
    (finding,) = in_code("# Hmm. " + plain)
    assert finding.tier is Tier.STRONG


def test_moves_far_apart_are_never_strong() -> None:
    thought = "Hmm, wait. Actually, no, that's wrong."
    filler = "The entry is written to the table and the table is kept on disk for a day. " * 12
    assert _strongest(in_text(thought)) is Tier.STRONG
    assert _strongest(in_text(thought + " " + filler)) is Tier.POSSIBLE
