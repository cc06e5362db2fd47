"""What states, instructs or addresses somebody, and so speaks against deliberation: English."""

from __future__ import annotations

from braid_verifier.leaks.cues.cue import Cue, Place, after, cue
from braid_verifier.leaks.cues.move import Move

CUES: tuple[Cue, ...] = (
    cue("address", Move.ADDRESS, Place.ANYWHERE, "you your you're you'd you'll yourself", r"you"),
    cue(
        "courtesy",
        Move.COURTESY,
        Place.ANYWHERE,
        "please would let happy feel sorry hope here here's certainly thank sure want shall like"
        " prefer need great good",
        r"(?:please|would you like|want me to|shall i|let me (?:explain|clarify|walk you|summarize|share|help)|"
        + after("if you|if you'd|if you would")
        + r"(?:want|like|prefer|need)|(?:great|good) question|let me know|happy to|feel free|sorry"
        r"|hope this|here (?:are|is)|here's(?! (?:the (?:situation|thing|deal|plan)|where|what i|my (?:plan|thinking)))|certainly|thank you|sure[,!])",
    ),
    cue(
        "report",
        Move.REPORT,
        Place.ANYWHERE,
        "this these been i've successfully summary all changes",
        r"(?:th(?:is|ese) (?:changes?|modifications?|commits?|pr|ensures?|tests? (?:covers"
        r"|verif|check|ensure))|(?:(?<=has )|(?<=have ))been|i've (?:added|updated|implemented|created"
        r"|fixed)|successfully|summary|all tests pass|changes made)\b",
    ),
    cue(
        "outcome",
        Move.REPORT,
        Place.ANYWHERE,
        "tests test lint build builds suite checks ci now done",
        r"(?:(?:tests?|lint(?:er|ing)?|builds?|suite|checks|ci) (?:all |now |still )*"
        r"(?:pass(?:es|ed)?|clean|green|succeed(?:s|ed)?|fine)|"
        + after("is|are")
        + r"now\b(?! (?:clear|obvious))"
        r"|(?<=it )now [a-z]+s\b|(?:(?<=is )|(?<=are ))done[.,:;]|ci is (?:green|happy)|now (?:uses?|returns?|passes|works|rejects?|accepts?|handles?|supports?|reads?|writes?)\b)",
    ),
    cue(
        "i-did",
        Move.REPORT,
        Place.ANYWHERE,
        "i i've",
        r"(?:i|i've) (?:also |then |now |just )?(?:replaced|moved|added|changed|removed|updated|reverted|closed|fixed|pinned"
        r"|renamed|split|dropped|rewrote|refactored|implemented|converted|left (?:it|that|the)|kept|documented|tested|traced"
        r"|extended|simplified|cleaned|switched|raised|bumped)\b",
    ),
    cue(
        "done",
        Move.REPORT,
        Place.SENTENCE,
        "done added updated fixed removed changed created implemented refactored replaced dropped"
        " eliminated moved renamed introduced switched converted committed pushed verified",
        r"(?:done[.!,:]|(?:added|updated|fixed|removed|changed|created|implemented|refactored|replaced"
        r"|dropped|eliminated|moved|renamed|introduced|switched|converted|committed|pushed|verified)\b)",
    ),
    cue("todo", Move.TODO, Place.ANYWHERE, "todo fixme xxx hack", r"(?:todo|fixme|xxx|hack)\b"),
    cue(
        "doc",
        Move.DOC,
        Place.ANYWHERE,
        "param return returns see throws brief file fn args raises parameters example usage copyright"
        " license licence licensed deprecated p",
        r"(?:(?<=[@:\\])(?:param|returns?|see|throws|brief|file|fn)|(?:args|returns|raises|parameters"
        r"|example|usage):|copyright|licen|deprecated|(?<=<)p>)",
    ),
    cue(
        "tutorial",
        Move.TUTORIAL,
        Place.ANYWHERE,
        "section example tutorial notebook chapter lesson we'll we notice see e i such note let's",
        r"(?:(?<=in this )(?:section|example|tutorial|notebook|chapter|lesson)|(?<=for )example|we'll|we will"
        r"|notice (?:how|that)|(?<=as you can )see|e\.g\.|i\.e\.|such as|note that|note:"
        r"|let's (?:take a look|demonstrate|explore))",
    ),
    cue(
        "reference",
        Move.REFERENCE,
        Place.ANYWHERE,
        "http https rfc issue pr bpo gh mt see fixes closes",
        r"(?:https?://|rfc ?\d|(?:issue|pr) #|bpo-|gh-\d|mt#|see also|(?:fixes|closes) #)",
    ),
)
