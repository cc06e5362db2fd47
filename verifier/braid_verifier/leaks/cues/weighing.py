"""What weighs ways forward: English."""

from __future__ import annotations

from braid_verifier.leaks.cues.cue import Cue, Place, after, cue
from braid_verifier.leaks.cues.move import Move

_LETS = (
    r"let(?:'s| us) (?:just |also |simply |instead |actually |rather |first |now |only |quickly )*"
)

#: What `then` speaks of a time after, and `it is` of a thing after.
_SINCE = "since by until till and even now back than if only from just"
_AS = "as what than how where that because if who when which wherever whatever like think know sure but and or"

CUES: tuple[Cue, ...] = (
    cue(
        "hedge",
        Move.HEDGE,
        Place.ANYWHERE,
        "might likely usually typically hopefully somehow needed possible necessary available required",
        r"(?:might (?:be|not|have|depend|differ|fail|break|already)\b|likely|usually|typically|hopefully|somehow"
        r"|(?<=if )(?:needed|possible|necessary|available|required))",
    ),
    cue(
        "ideally",
        Move.ASSUME,
        Place.CLAUSE,
        "ideally assuming assume",
        r"(?:ideally|assum(?:e|ing))",
    ),
    cue(
        "we-assume",
        Move.ASSUME,
        Place.ANYWHERE,
        "assume",
        after(r"\bwe|\bi|we'll|i'll|we will|i will|we can|we just") + r"assume",
    ),
    cue(
        "or-just",
        Move.OR,
        Place.ANYWHERE,
        "or",
        r"(?<!, )or (?:just|simply|maybe|perhaps|should (?:we|i|it))\b",
    ),
    cue("or", Move.OR, Place.SENTENCE, "or", r"or\b(?! (?:else|higher|later|newer|any|none)\b)"),
    cue(
        "alternatively",
        Move.ALTERNATIVELY,
        Place.SENTENCE,
        "alternatively another alternative option options approach either plan idea"
        " choice possibility possibilities two three one",
        r"(?:alternatively\b|alternative(?:s|ly)?\s*[:,]|another (?:option|approach|way"
        r"|possibility|idea|thought|alternative)\b|(?:options?|approach|plan|idea|choice"
        r"|possibility|possibilities)(?: (?:[a-d]|\d))?\s*[:)(]|(?:two|three) (?:options"
        r"|approaches|ways|possibilities)\b|one (?:option|approach|way|idea|possibility)\b"
        r"|either we\b)",
    ),
    cue(
        "other-hand",
        Move.ALTERNATIVELY,
        Place.SENTENCE,
        "on but",
        r"(?:but )?on the (?:one|other) hand\b",
    ),
    cue("or-not", Move.UNSURE, Place.CLAUSE, "or", r"or not(?=[.?])"),
    cue(
        "alternatively-inner", Move.ALTERNATIVELY, Place.CLAUSE, "alternatively", r"alternatively\b"
    ),
    cue(
        "maybe",
        Move.MAYBE,
        Place.CLAUSE,
        "maybe perhaps probably possibly presumably",
        r"(?:maybe|perhaps|probably|possibly|presumably)\b",
    ),
    cue(
        "maybe-inner",
        Move.MAYBE,
        Place.ANYWHERE,
        "maybe perhaps probably",
        after("we|i|should|might|could|can|but|or|so") + r"(?:maybe|perhaps|probably)\b",
    ),
    cue(
        "compare",
        Move.COMPARE,
        Place.ANYWHERE,
        "better simpler easier safer cleaner enough fine best overkill sufficient okay"
        " ok simplest easiest safest cleanest makes make robust",
        r"(?:"
        + after("be|is|it's|that's|also")
        + (
            r"(?:better|simpler|easier|safer|cleaner|enough|fine|best|overkill|okay|ok"
            r"|sufficient)|(?:easier|simpler|better) to|simplest|easiest|safest|cleanest"
            r"|(?<=good )enough|(?<=more )robust|makes? (?:more |the most )?sense)\b"
        ),
    ),
    cue(
        "unsure",
        Move.UNSURE,
        Place.ANYWHERE,
        "sure clear certain unsure unclear guess think believe suppose assume wonder"
        " know see doubt suspect guessing hard",
        r"(?:"
        + after("not|n't")
        + r"(?:sure|clear|certain)|(?:unsure|unclear)|"
        + after(r"\bi|\bi don't|i'd")
        + r"(?:guess|think|believe|suppose|assume|wonder|doubt|suspect)|"
        + after("i don't|we don't|i'm not")
        + r"(?:know|see)|(?<=i'm )guessing|hard to say)\b",
    ),
    cue(
        "decide",
        Move.DECIDE,
        Place.ANYWHERE,
        "let's",
        _LETS
        + (
            r"(?:stick|go with|go for|assume|keep|use|do\b|make(?! (?:sure|certain))|return|update|simplif|skip"
            r"|defer|fix|set\b|pick|choose|leave|take\b|map|redefine|reimplement|treat|add\b"
            r"|implement|not\b|allow|hard.?code|mock|create|put|move|have|write|call|pass|limit"
            r"|be\b(?! (?:sure|careful|safe|clear|honest|explicit))|get\b|remove|change|switch|force|replace|build|store|expect"
            r"|construct|focus|design|rely|consider|wait|flip|select|show|give|avoid|handle"
            r"|ignore|run|import|default|draw|visualize|maintain|reset|disable|enable|round"
            r"|revert|generate|target|fake|start|trust|proceed|wrap|include|exclude|combine|inline)"
        ),
    ),
    cue("try", Move.DECIDE, Place.ANYWHERE, "let's", _LETS + r"(?:try|test)\b"),
    cue(
        "just",
        Move.JUST,
        Place.ANYWHERE,
        "let's we'll i'll",
        r"(?:let's|we'll|i'll) (?:just|simply|stick|go with|assume|keep|leave)\b",
    ),
    cue(
        "settle",
        Move.DECIDE,
        Place.SENTENCE,
        "sticking going settling ok okay fine keeping",
        r"(?:(?:sticking|keeping) (?:to|with)|going with|settling (?:on|for)|(?:ok|okay"
        r"|fine)[,.:] (?:let's|we'll|i'll|use|keep|just|then|go|do|return|make|drop|skip)\b)",
    ),
    cue(
        "then-settled",
        Move.SETTLED,
        Place.ANYWHERE,
        "then",
        r"then(?=[.!;]|\s*\Z)(?![.!;][^\s])"
        + "".join(f"(?<!{each} then)" for each in _SINCE.split()),
    ),
    cue(
        "so-it-is",
        Move.SETTLED,
        Place.ANYWHERE,
        "it",
        r"it(?= is(?:[.!](?:\s|\Z)|,? then\b))(?<=\w it)"
        + "".join(f"(?<!{each} it)" for each in _AS.split()),
    ),
    cue(
        "so-settled",
        Move.SETTLED,
        Place.CLAUSE,
        "so",
        r"so (?!far|on|forth|that|it's|be|do|does|am|is|are|what|much|many|long|good|sorry|there)"
        r"[^\s,.;:?]+(?: [^\s,.;:?]+)?\.?\s*\Z",
    ),
    cue(
        "option",
        Move.SETTLED,
        Place.SENTENCE,
        "option fine okay ok yes no both neither",
        r"(?!\A(?:yes|no)\b)(?:option [a-d1-9]|fine|okay|ok|yes|no|both|neither)[.!]"
        r"(?=\s|\Z)",
    ),
    cue(
        "for-now",
        Move.FOR_NOW,
        Place.ANYWHERE,
        "now simplicity example demo test safety time mvp brevity",
        r"(?:(?<=for )(?:now|safety|mvp|brevity)|(?<=for the )mvp|(?<=for this )(?:example|demo|test)|simplicity"
        r"|time is limited)\b",
    ),
    cue(
        "we-could",
        Move.WE_COULD,
        Place.ANYWHERE,
        "could might may can we'd",
        r"(?:"
        + after(r"\bwe|\bi|\bone")
        + (
            r"(?:could|might|may (?:want|need)|can (?:just|also|use|probably|try|simply|instead"
            r"|either|safely|choose|pick))|could (?:just|also|try|instead|either)|we'd need"
            r"|might (?:need|want|still|also)|(?<=we )can't easily)\b"
        ),
    ),
)
