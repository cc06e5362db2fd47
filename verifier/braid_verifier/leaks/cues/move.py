"""Moves of deliberation: what a sentence does, in whatever language."""

from __future__ import annotations

from enum import StrEnum


class Move(StrEnum):
    """What a sentence does. The weights of `weights` are by move."""

    # takes back
    WAIT = "wait"
    ACTUALLY = "actually"
    NO = "no"
    HMM = "hmm"
    INTERJECTION = "interjection"
    RETRACT = "retract"
    WRONG = "wrong"
    BETTER = "better"
    ACTUALLY_BARE = "actually_bare"
    # weighs
    QUESTION = "question"
    ANSWERED = "answered"
    OR_QUESTION = "or_question"
    OR = "or"
    ALTERNATIVELY = "alternatively"
    MAYBE = "maybe"
    COMPARE = "compare"
    UNSURE = "unsure"
    TRAILING = "trailing"
    SHOULD_BE = "should_be"
    DECIDE = "decide"
    JUST = "just"
    FOR_NOW = "for_now"
    WE_COULD = "we_could"
    ASKED = "asked"
    SETTLED = "settled"
    DOUBT = "doubt"
    HEDGE = "hedge"
    ASSUME = "assume"
    # infers
    LOOKS_LIKE = "looks_like"
    MEANS = "means"
    INSIGHT = "insight"
    ISSUE_IS = "issue_is"
    SO = "so"
    BUT = "but"
    HOWEVER = "however"
    CONTRAST = "contrast"
    EVIDENCE = "evidence"
    ARITHMETIC = "arithmetic"
    IF_THEN = "if_then"
    CAUSE = "cause"
    DEDUCED = "deduced"
    # plans
    LET_ME = "let_me"
    LETS_LOOK = "lets_look"
    LETS = "lets"
    I_WILL = "i_will"
    I_NEED = "i_need"
    WE_NEED = "we_need"
    SEQUENCE = "sequence"
    PLAN = "plan"
    FIRST_PERSON = "first_person"
    THE_USER = "the_user"
    # speaks against
    ADDRESS = "address"
    COURTESY = "courtesy"
    REPORT = "report"
    TODO = "todo"
    DOC = "doc"
    TUTORIAL = "tutorial"
    REFERENCE = "reference"


CORRECTING = frozenset(
    {
        Move.WAIT,
        Move.ACTUALLY,
        Move.NO,
        Move.HMM,
        Move.INTERJECTION,
        Move.RETRACT,
        Move.WRONG,
        Move.BETTER,
    }
)
WEIGHING = frozenset(
    {
        Move.ANSWERED,
        Move.OR_QUESTION,
        Move.OR,
        Move.ALTERNATIVELY,
        Move.MAYBE,
        Move.COMPARE,
        Move.UNSURE,
        Move.TRAILING,
        Move.DECIDE,
        Move.FOR_NOW,
        Move.WE_COULD,
        Move.QUESTION,
        Move.JUST,
        Move.ASKED,
        Move.SETTLED,
        Move.DOUBT,
        Move.HEDGE,
        Move.ASSUME,
    }
)
INFERRING = frozenset(
    {
        Move.LOOKS_LIKE,
        Move.MEANS,
        Move.INSIGHT,
        Move.ISSUE_IS,
        Move.SO,
        Move.BUT,
        Move.CONTRAST,
        Move.EVIDENCE,
        Move.ARITHMETIC,
        Move.IF_THEN,
        Move.CAUSE,
        Move.DEDUCED,
        Move.ACTUALLY_BARE,
        Move.HOWEVER,
        Move.SHOULD_BE,
    }
)
PLANNING = frozenset(
    {
        Move.LET_ME,
        Move.LETS_LOOK,
        Move.I_WILL,
        Move.I_NEED,
        Move.WE_NEED,
        Move.SEQUENCE,
        Move.PLAN,
        Move.FIRST_PERSON,
        Move.THE_USER,
        Move.LETS,
    }
)
#: Moves of statements, instructions and courtesies. They are looked at only where others spoke.
AGAINST = frozenset(
    {
        Move.ADDRESS,
        Move.COURTESY,
        Move.REPORT,
        Move.TODO,
        Move.DOC,
        Move.TUTORIAL,
        Move.REFERENCE,
    }
)
