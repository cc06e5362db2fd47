"""What plans the next steps: English."""

from __future__ import annotations

from braid_verifier.leaks.cues.cue import Cue, Place, cue
from braid_verifier.leaks.cues.move import Move

_LETS = (
    r"let(?:'s| us) (?:just |also |simply |instead |actually |rather |first |now |only |quickly )*"
)

CUES: tuple[Cue, ...] = (
    cue(
        "let-me",
        Move.LET_ME,
        Place.ANYWHERE,
        "let",
        r"let me (?!know\b|explain|help|summar|show you|tell you|give you|walk you"
        r"|introduce|be clear|clarify|share|provide|outline|assist|describe)",
    ),
    cue(
        "lets-look",
        Move.LETS_LOOK,
        Place.ANYWHERE,
        "let's let",
        _LETS
        + (
            r"(?:see|check|look|verify|inspect|find|trace|count|calc|comp|debug|figure|examine"
            r"|print|analy[sz]e|investigate|denote|say)\b"
        ),
    ),
    cue(
        "left-to-do",
        Move.PLAN,
        Place.SENTENCE,
        "what what's two three four before need okay ok alright",
        r"(?:(?:okay|ok|alright),? (?:here's (?:the (?:situation|thing|deal|plan)|my|where|what)|let's|let me)|need to (?:check|see|figure|find|verify|look|know|understand|confirm|think)\b|what(?:'s| is) (?:missing|left|still)|what (?:i|we) (?:need|don't|still|know)|what do (?:i|we)"
        r"|(?:two|three|four) things (?:are|to|left|remain)|before (?:i|we|changing|touching|writing|fixing)"
        r")",
    ),
    cue("lets", Move.LETS, Place.ANYWHERE, "let's", r"let's\b"),
    cue(
        "i-will",
        Move.I_WILL,
        Place.ANYWHERE,
        "i'll i i'm i'd",
        r"(?:i'll|i will|i'm going to|i am going to|i'd (?:rather|need|better|have|want"
        r"|expect|say|go|add|use|keep|prefer|guess|do|put|try))\b(?! (?:help|be\b(?! (?:able|using|adding))|assist|explain"
        r"|provide|show you|transfer|let you|keep (?:you|that|this|it) |make sure|remember|get back|report))",
    ),
    cue(
        "i-need",
        Move.I_NEED,
        Place.ANYWHERE,
        "i",
        r"i (?:also |still |just |then |only |now |first |probably )?(?:need(?! (?:your"
        r"|the user|you|a bit))|should|must|have to|want to|can(?! (?:help|assist|see"
        r"|confirm|offer))|could|might|don't (?:want|need|have the))\b",
    ),
    cue(
        "we-need",
        Move.WE_NEED,
        Place.ANYWHERE,
        "we we're",
        r"we(?:'re| also| still| just| then| only| now| probably| really)? ?(?:need|should"
        r"|must|have to|want|don't|can't|are (?:using|adding|testing|in)|cannot)\b",
    ),
    cue(
        "sequence",
        Move.SEQUENCE,
        Place.SENTENCE,
        "first then next now finally second",
        r"(?:first|then|next|now|finally|second),? (?:i|we|let|let's|i'll|we'll|check"
        r"|look|find|verify|read)\b",
    ),
    cue(
        "step",
        Move.SEQUENCE,
        Place.CLAUSE,
        "first before once after step",
        r"(?:first,? (?:i|let|let's|i'll|check|look|find|verify|read)\b|(?:before|once|after) (?:i|we|that|this"
        r"|doing|writing|making)\b|step \d)",
    ),
    cue(
        "plan",
        Move.PLAN,
        Place.ANYWHERE,
        "my plan strategy approach goal steps next figure idea thinking per according proceeding",
        r"(?:my (?:approach|plan|strategy|thinking)|plan (?:is|has|now)\b|(?:approach|plan"
        r"|strategy|goal|steps):|(?<=the )(?:approach|idea) is|(?<=i'm )thinking|next "
        r"(?:test|step)|(?<=to )figure out|(?:per|according to) (?:the )?(?:protocol|instructions?|spec"
        r"|plan|rules?|task)\b|proceeding (?:with|to)\b)",
    ),
    cue(
        "first-person",
        Move.FIRST_PERSON,
        Place.ANYWHERE,
        "i i'm i've i'd my",
        r"(?:i'm|i've|i'd|i|my) ",
    ),
    cue(
        "the-user",
        Move.THE_USER,
        Place.ANYWHERE,
        "user user's next my",
        r"next turn\b|my (?:memory|instructions)\b"
        r"|user(?: is asking| wants?\b| said| asked| just| requested| mentioned| has asked"
        r"| would like| might want|'s (?:request|question|message|query|intent))",
    ),
)
