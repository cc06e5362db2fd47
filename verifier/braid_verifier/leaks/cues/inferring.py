"""What infers in the moment: English."""

from __future__ import annotations

from braid_verifier.leaks.cues.cue import Cue, Place, after, cue
from braid_verifier.leaks.cues.move import Move

CUES: tuple[Cue, ...] = (
    cue("actually-bare", Move.ACTUALLY_BARE, Place.SENTENCE, "actually", r"actually (?=[a-z`_])"),
    cue(
        "looks-like",
        Move.LOOKS_LIKE,
        Place.ANYWHERE,
        "looks seems appears apparently must likely turns suspicious",
        (
            r"(?:(?<=it )(?:looks|seems|appears)(?: (?:like|that|to|as))?|(?:looks|seems) "
            r"(?:like|that|to|as)\b|appears to|apparently|"
        )
        + after("this|that|it|so|there")
        + (
            r"must(?: have|'ve) [a-z]+(?:ed|en|ne|wn)\b|likely (?:the|because|due|need|a|it|that|cause)|turns out"
            r"|suspicious)\b"
        ),
    ),
    cue(
        "seems",
        Move.LOOKS_LIKE,
        Place.SENTENCE,
        "seems looks appears",
        r"(?:seems|looks|appears)\b",
    ),
    cue(
        "means",
        Move.MEANS,
        Place.ANYWHERE,
        "means meaning suggests explains confirms indicates implies tells would that's",
        r"(?:"
        + after("this|that|which|it|these|so|also|output|error|test|result|log")
        + (
            r"(?:means|suggests|explains|confirms|indicates|implies|tells)|means (?:that|the|we"
            r"|i|it|our)|explains (?:why|the)|tells (?:us|me)|that's (?:why|because|the|what)"
            r"|would (?:fail|break|be wrong|incorrectly|never|cause))\b"
        ),
    ),
    cue(
        "so-inner",
        Move.SO,
        Place.CLAUSE,
        "so then therefore thus hence which",
        r"(?:so(?:,| (?:the|it|it's|this|that's|we|we're|i|i'll|i'm|they|they're|there"
        r"|there's|my|our|if|what|why|how|now|let|no|all|both|a|an|in|for|each|only|not"
        r"|even|maybe|perhaps|when|far|these|those|you|per)\b| `)|then (?:we|i|it|the|this)\b"
        r"|therefore|thus|hence|which means\b)",
    ),
    cue(
        "so",
        Move.SO,
        Place.SENTENCE,
        "so then therefore thus hence ok okay given since because which",
        r"(?:so\b(?! (?:that|called|far)\b)|(?:therefore|thus|hence)\b|(?:ok|okay),? so\b"
        r"|given (?:that|this|the|it|how|these|what)\b|since (?:the|we|i|it|this|there|that"
        r"|both|only|no|all)\b)",
    ),
    cue(
        "index-number",
        Move.ARITHMETIC,
        Place.ANYWHERE,
        "index",
        r"index \d+\b.{0,20}\d",
    ),
    cue(
        "so-number",
        Move.ARITHMETIC,
        Place.ANYWHERE,
        "so hence then gives makes leaves",
        r"(?:(?:so|hence) (?:it's |that's |we get |we want |we need |only )?\d+(?: [a-z]+)?|(?:gives|makes|leaves) \d+"
        r"|(?<!, )then \d+)(?=[.,;:!]|\Z| (?:and )?not\b)",
    ),
    cue(
        "insight",
        Move.INSIGHT,
        Place.SENTENCE,
        "i ah aha got right interesting interestingly found there there's now clear good"
        " great perfect excellent yes yeah yep exactly looking indeed confirmed strange"
        " weird curious key wow nice very",
        r"(?:i (?:can )?(?:now )?(?:see|notice|understand|realize|realise"
        r"|found (?:it|them|out))\b(?! (?:your|there|an?|some|the importance|that you|you|how))|got it\b|right[,.:—–]"
        r"|right [—–-]|(?:very )?interesting(?:ly)?\b|found (?:it|the|them)\b|there (?:it"
        r"|they|we) (?:is|are|go)\b|there's (?:the|my|our)\b|now i (?:fully |finally "
        r"|clearly )?(?:see|have|understand|know|get|realize|can see)\b|clear picture\b|"
        r"(?:good|great|perfect|excellent|nice)(?:[,.:;]| [—–-]|[—–])|(?:(?!\Ayes\.)yes(?!, \d)|yeah|yep|exactly|indeed"
        r"|confirmed|wow)(?:[,.!:;]| [—–-]|[—–])|looking (?:at|more|closer|closely|back"
        r"|again|through|into)\b|key (?:insight|finding|observation|point|issue|question)"
        r"|strange|weird|curious)",
    ),
    cue(
        "issue-is",
        Move.ISSUE_IS,
        Place.ANYWHERE,
        "issue problem bug question blocker root cause culprit evidence fix failure"
        " difference pattern reason catch trick mismatch discrepancy gap tell tells"
        " picture",
        r"(?:"
        + after("the|real|actual|key|found|main|my|this")
        + (
            r"(?:issue|problem|bug|question|blocker|cause|culprit|evidence|fix|failure"
            r"|difference|pattern|reason|catch|trick|mismatch|discrepancy|gap|picture)(?: here"
            r"| now| then| clearly)?(?:'s\b| (?:is(?:n't)?|was|must|seems|lies)\b|:| —)"
            r"|root cause\b|culprit\b|tells? the story|(?:issue|problem|bug) (?:is|was) (?:in"
            r"|with|that|on|here|clear)|"
        )
        + after("see the|found the|have the full|have a clear|clear")
        + r"(?:issue|problem|bug|picture|cause)\b)",
    ),
    cue(
        "fails-because",
        Move.CAUSE,
        Place.ANYWHERE,
        "fails failed failing fail breaks broke crashes crashed hangs error errors happens happened"
        " misses returns passes",
        r"(?:fail(?:s|ed|ing)?|br(?:eaks|oke)|crash(?:es|ed)|hangs|errors?|happen(?:s|ed)|misses|returns"
        r"|passes)(?: [^\s.,;:]+){0,4} because\b",
    ),
    cue(
        "deduced",
        Move.DEDUCED,
        Place.ANYWHERE,
        "must has would explains explain that's which bet guess smells matches fits consistent",
        r"(?:"
        + after("that|this|it|which|so|and|one|there")
        + r"(?:must be (?:it|what|why|where|because|how|a bug|coming|caused|due)|has to be (?:it|what|that|because)"
        r"|would explain|explains (?:the|why|it|how|both)"
        r"|(?:matches|fits) (?:what (?:i|we|the)|the (?:error|symptoms?|trace|logs?|report|output|failure|numbers?)))|"
        + after("that|this|it|so|and|there|which")
        + r"(?:must|has to) be the (?!same|first|last|only|exact|next|full|final|name|value|number|path|id\b|type|index|size)"
        r"|that's (?:why (?:it|my|our|i|we (?:see|get|got))\b|what (?:breaks|fails)|the (?:bug|reason|problem"
        r"|cause|one|culprit|issue|difference|deadlock|race|leak|fix))|"
        + after("i|i'd|my|would")
        + r"(?:bet|guess)\b|smells (?:like|of)|"
        + after("is|are|be|that's")
        + r"consistent with)",
    ),
    cue("but", Move.BUT, Place.SENTENCE, "but", r"but\b"),
    cue(
        "but-inner",
        Move.BUT,
        Place.CLAUSE,
        "but except",
        r"(?:but (?:then|if|what|we|i|since|now|that|this|wait|how|not|actually|no|the "
        r"(?:test|code|spec|issue|problem|current|actual|error)|in (?:this|our)|here)"
        r"|except (?:that|we|the))\b",
    ),
    cue(
        "however",
        Move.HOWEVER,
        Place.SENTENCE,
        "however yet except",
        r"(?:however\b|except\b|yet,)",
    ),
    cue(
        "contrast",
        Move.CONTRAST,
        Place.ANYWHERE,
        "isn't not wasn't aren't rather",
        r"(?:(?:isn't|wasn't|aren't|"
        + after("is|was|are")
        + (
            r"not) [^.\n;]{2,70}[—;,–]\s*(?:it's|it is|but|they're|that's|it was)\b"
            r"|not because\b|rather than\b)"
        ),
    ),
    cue(
        "evidence",
        Move.EVIDENCE,
        Place.ANYWHERE,
        "says said implies confirms showing still shows points complains claims lists say",
        r"(?:"
        + after(
            "spec|test|tests|doc|docs|error|issue|comment|prompt|log|output|readme"
            "|plan|task|message|it|description|instruction|instructions|code|api"
            "|header|listing|tool|sizeof|go.mod|compiler|diff|trace|stack|report|dump|user"
            "|linter|response|requirement|requirements|checklist|interface|signature|schema|snapshot|profile|profiler|traceback|logs|blame"
        )
        + (
            r"(?<!this test )(?<!these tests )(?:says?|said|implies|claims?|complains?|(?<!it )points (?:at|to)|shows? (?:that|the|a|an|it|no|only|two|how)"
            r"|lists)|(?<=it's )showing|still (?:fail|show|not work|getting)|(?<!this test )confirms (?:it|that"
            r"|the|this))\b"
        ),
    ),
    cue(
        "should-be",
        Move.SHOULD_BE,
        Place.ANYWHERE,
        "should must",
        r"(?:should|must) (?:be|have been|go|come|stay|work|also|see|say|include|return"
        r"|match|use)\b",
    ),
    cue(
        "if-we",
        Move.IF_THEN,
        Place.SENTENCE,
        "if assuming suppose supposing but so even",
        r"(?:(?:but |so |even )?if (?:i|we|i'm|we're|that|this|it's|adding|using)\b|"
        r"(?:assuming|suppose|supposing)\b)",
    ),
    cue(
        "see-what",
        Move.EVIDENCE,
        Place.ANYWHERE,
        "let's",
        r"let's (?:just |first )?(?:see|check|verify|find out|look at) (?:what|how"
        r"|the actual|why)\b",
    ),
)
