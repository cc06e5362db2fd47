"""What takes back: English."""

from __future__ import annotations

from braid_verifier.leaks.cues.cue import APART, Cue, Place, after, cue
from braid_verifier.leaks.cues.move import Move

CUES: tuple[Cue, ...] = (
    cue(
        "wait",
        Move.WAIT,
        Place.SENTENCE,
        "wait",
        r"wait"
        + APART
        + (
            r"(?!\s*[,:;–—-]*\s*(?:then|and|before|after|until|till|up to|max|at most|\d+ ?"
            r"(?:m?s|sec|min|tick)))(?!\.\s*(?:\Z|\n))"
        ),
    ),
    cue(
        "wait-bare",
        Move.WAIT,
        Place.SENTENCE,
        "wait",
        r"wait (?:no|actually|but|what|why|is (?:it|this|that)|isn't|there's|there is|it's"
        r"|that's|this is|maybe|how|does|do (?:i|we)|i|we|let me|let's|are|the (?:test|spec"
        r"|docs?|code|default) (?!to\b|is (?:done|ready|finished|complete|over)))\b",
    ),
    cue(
        "wait-inner",
        Move.WAIT,
        Place.CLAUSE,
        "wait",
        r"wait(?!, (?:which|that|and|or)\b)(?!, \w+(?<! no)(?<! hmm)(?<! actually)(?<! maybe)[,;)])(?:,|\?|\.\.|…| no\b| actually\b|\s*[—–]|! )(?!\s*(?:then|and|until|\d+ ?"
        r"(?:m?s|sec|min)))",
    ),
    cue(
        "but-wait",
        Move.WAIT,
        Place.CLAUSE,
        "but oh hmm hm no ok okay so ah",
        r"(?:but|oh|hmm+|hm|no|ok|okay|so|ah)[,.]? wait\b(?! (?:for|until|till|on|at|up)\b)",
    ),
    cue(
        "wait-that",
        Move.WAIT,
        Place.CLAUSE,
        "wait",
        r"wait (?!(?:strategy|policy|object|chain|for|time|timeout|state|queue|list|period|loop|condition|flag|handle"
        r"|set|group|event|call|status|duration|interval|delay|function|method|until|mode"
        r"|free|if|when|so|til|till|after|before|here|to|and|in|a)\b)(?:[\w.()']+ ){1,3}(?:is|isn't|are|has|does|doesn't|will|was"
        r"|means|returns|takes)\b",
    ),
    cue("hold-on", Move.WAIT, Place.CLAUSE, "hold hang", r"(?:hold|hang) on" + APART),
    cue(
        "actually",
        Move.ACTUALLY,
        Place.SENTENCE,
        "actually",
        r"actually(?:,|:|\s*[—–-]|\.\.|… ?| (?:i|we|it|it's|that|that's|this|the|there"
        r"|there's|they|you|no|not|yes|let|let's|just|if|for|in|on|an? (?:simpler|better"
        r"|easier|cleaner)|since|because|looking|wait|maybe|my|our|these|those|simpler"
        r"|better|easier|both|all|never ?mind|what|when|is|isn't|does|doesn't|should|could"
        r"|might|can|can't|using|with|to|still|only|some|most|each|every|now|here|putting"
        r"|drawing|more|easy)\b)",
    ),
    cue(
        "actually-after",
        Move.ACTUALLY,
        Place.SENTENCE,
        "actually",
        r"(?<=\s)(?<![-*•] )actually (?!(?:\w+s (?:an?|the|any|all|this|it|to)|look|use|do|perform|make|get|run|try|set|send)\b)(?=[a-z`_\ufffc])",
    ),
    cue(
        "actually-turn",
        Move.ACTUALLY,
        Place.CLAUSE,
        "but or so well no oh hmm ah",
        r"(?:(?:well|no|oh|hmm+|ah)(?:,| -| —)? actually\b|(?:but|or|so)(?:,| -| —)? actually(?:[,:;]"
        r"| [—–-]| (?:i|we|it|it's|the|this|that|that's|there|they|let|let's|no|not|just|maybe|wait"
        r"|is|isn't|does|doesn't|what|if)\b))",
    ),
    cue(
        "actually-inner",
        Move.ACTUALLY,
        Place.CLAUSE,
        "actually",
        r"actually (?:no|wait|not|scratch|never ?mind|i|let's|let me)\b",
    ),
    cue(
        "no",
        Move.NO,
        Place.SENTENCE,
        "no nope nah",
        r"(?:no|nope|nah)(?:,(?! (?:(?:don't|thanks|thank you)\b|\d+(?! [a-z]{3})))|\.(?=\s)(?<!\Ano\.)|!|\s*[—–]| - "
        r"| (?:wait|actually|that's|it's|this is|need to worry)\b)",
    ),
    cue(
        "no-it",
        Move.NO,
        Place.SENTENCE,
        "no",
        r"no,? (?:that|it|this|the|we|i|they) (?:is|are|was|were|isn't|aren't|won't|doesn't|does|don't"
        r"|do|did|didn't|would|wouldn't|can't|need|have|hasn't|should)\b",
    ),
    cue("no-inner", Move.NO, Place.CLAUSE, "no", r"no,? (?:wait|that's|that is|it's|actually)\b"),
    cue(
        "hmm",
        Move.HMM,
        Place.CLAUSE,
        "hmm hm hmmm hmmmm mmm umm um uh erm",
        r"(?:h+m+|mmm+|u+m+|uh|erm)" + APART,
    ),
    cue(
        "interjection",
        Move.INTERJECTION,
        Place.SENTENCE,
        "oh ah oops whoops aha ugh huh argh ahh ohh ooh whoa damn yikes eh",
        r"(?:oh+|ah+|whoops|oops|aha|ugh|huh|argh|ooh|whoa|damn|yikes|eh)(?! well\b)(?:\s*[,.!?:;…—–]"
        r"| -|\s(?:no|right|i|ok|okay|so|well|that|the|it|good|yes|shoot|dear)\b)",
    ),
    cue(
        "second-thought",
        Move.RETRACT,
        Place.ANYWHERE,
        "thought thoughts scratch strike never nevermind thinking come then",
        r"(?:(?<=on second )thoughts?|then again,? (?!later|after|when|if)|(?:scratch|strike) that|never ?mind(?! (?:if|the|that))"
        r"|thinking about (?:it|this) (?:more|again|further)|come to think of it)\b",
    ),
    cue(
        "rethink",
        Move.RETRACT,
        Place.ANYWHERE,
        "let let's",
        r"let(?:'s| me) (?:actually |just |quickly |carefully |also )?(?:re-?(?:think"
        r"|consider|examine|read|do|calculate|compute|count|evaluate|phrase|write|trace"
        r"|visit|define|check|start|order|arrange|implement|frame|structure|assess|work)\b"
        r"|think\b|step back|start over|correct\b|double.?check|work "
        r"(?:through|out|backwards?|this)|(?:trace|count|figure|calculate|compute)(?=[:.]|\Z| (?:again|it|this|that"
        r"|them|by hand|manually|through|out|exactly|step|what|how|why|where)\b)|try (?:again|a "
        r"(?:different|simpler|more|better|new))|simplify|approach (?:this|it) diff)",
    ),
    cue(
        "i-erred",
        Move.RETRACT,
        Place.ANYWHERE,
        "i my",
        r"(?:i (?:was (?:wrong|mistaken|confused|thinking)|mis(?:read|underst|count"
        r"|interpret|took)\w*|made an? (?:mistake|error|typo|bad|wrong)|forgot|overlooked"
        r"|missed|should(?:n't)? have|got it wrong|confused|said|thought|assumed|initially"
        r"|originally|had assumed|previously)|my (?:mistake|bad|earlier|previous|initial"
        r"|first)(?! (?:response|message|answer)))\b",
    ),
    cue(
        "wrong-that",
        Move.WRONG,
        Place.ANYWHERE,
        "that's that",
        r"that(?:(?:'s| is| seems| looks) (?:wrong|not (?:right|quite|it|correct|true|what"
        r"|how|why|going|possible|enough|the)|incorrect|odd|weird|strange|suspicious|unexpected"
        r"|surprising|confusing|interesting|too|a (?:problem"
        r"|bit))| (?:won't|doesn't|didn't|wouldn't|isn't|can't))\b",
    ),
    cue(
        "wrong",
        Move.WRONG,
        Place.ANYWHERE,
        "right correct enough work sense complicated overcomplicating overthinking"
        " something tricky wrong problematic quite off hard weird redundant overkill"
        " ideal",
        r"(?:"
        + after("not|isn't|be|quite|n't seem|doesn't look")
        + (r"(?:right|correct|ideal|quite right|quite the)|")
        + after("not|isn't")
        + r"(?:enough|quite)|"
        + after("won't|doesn't|wouldn't|not|can't")
        + r"work\b(?! (?:with|on|for|in|as))|"
        + after("n't make|makes no|not make")
        + r"sense|"
        + after("too|getting|is|a bit")
        + (
            r"complicated|over(?:complicat|think)ing|something (?:is |'s )?(?:wrong|off"
            r"|missing)|"
        )
        + after("is|are|logic is|a bit|bit|getting|seems|looks|was")
        + r"(?:tricky|wrong|problematic|off|weird|redundant|overkill|hard))\b",
    ),
    cue(
        "better",
        Move.BETTER,
        Place.SENTENCE,
        "better simpler even simplest easiest safest cleanest easier cleaner correction safer revised slightly much",
        r"(?:(?:better|simpler|easier|cleaner|safer|easiest|safest|cleanest)(?: [a-z]+)?:"
        r"|(?:easiest|safest|cleanest) (?:approach|way|fix|is|solution|thing|option)\b"
        r"|(?:even |slightly |much )?(?:better|simpler|easier|cleaner|safer)(?: (?:yet"
        r"|still|approach|way|idea|option|alternative|solution|to|fix|strategy|logic|test"
        r"|plan|just|if|use))?\s*[:,—–-]|(?:better|simpler|easier) (?:to|just|if|use"
        r"|approach|way|idea|yet)\b|simplest (?:approach|way|fix|is|solution|thing"
        r"|option)\b|correction\s*[:,—–-]|revised(?: \w+){0,4}:)",
    ),
    cue(
        "or-better",
        Move.BETTER,
        Place.CLAUSE,
        "or",
        r"or,? (?:better|simpler|rather|even better|simply|just|more (?:simply|precisely"
        r"|accurately)|perhaps|maybe|wait|actually)\b",
    ),
)
