"""Cues of German."""

from __future__ import annotations

from braid_verifier.leaks.cues.cue import APART, Cue, Place, cue
from braid_verifier.leaks.cues.move import Move

CUES: tuple[Cue, ...] = (
    cue(
        "de-wait",
        Move.WAIT,
        Place.SENTENCE,
        "moment warte halt nein",
        r"(?:moment(?: mal)?|warte(?: mal)?|halt|nein,? warte)" + APART,
    ),
    cue("de-hmm", Move.HMM, Place.CLAUSE, "hm hmm äh ähm tja", r"(?:h+m+|äh+m?|tja)" + APART),
    cue(
        "de-no", Move.NO, Place.SENTENCE, "nein doch quatsch", r"(?:nein[,.:]|doch nicht\b|quatsch)"
    ),
    cue(
        "de-oh",
        Move.INTERJECTION,
        Place.SENTENCE,
        "ach ah oh ups aha",
        r"(?:ach(?: so| ja| nein)?|ah+|oh|ups|aha)" + APART,
    ),
    cue(
        "de-actually",
        Move.ACTUALLY,
        Place.SENTENCE,
        "eigentlich tatsächlich genau andererseits",
        r"(?:eigentlich (?:brauch|ist (?:das|es)|müss|könn|reicht|geht|will|woll"
        r"|soll(?!te das nie)|muss|kann)|tatsächlich (?:ist|wird|steht|gibt|brauch)"
        r"|genau genommen)",
    ),
    cue(
        "de-retract",
        Move.RETRACT,
        Place.ANYWHERE,
        "stimmt falsch geirrt vergessen verlesen nochmal überlegung lieber doch",
        r"(?:stimmt (?:so )?(?:nicht|nicht ganz)|(?:habe ich |ich habe |hatte ich )?"
        r"(?:mich )?(?:geirrt|vertan|verlesen)|falsch gedacht|nochmal (?:neu|von vorn"
        r"|nachdenken)|überlegung|(?:dann|also|oder) (?:doch|lieber)|lieber (?:direkt|doch"
        r"|gleich|so)|doch (?:erst|lieber|besser|anders))\b",
    ),
    cue(
        "de-better",
        Move.BETTER,
        Place.CLAUSE,
        "besser einfacher oder",
        r"(?:(?:noch )?(?:besser|einfacher)(?: (?:wäre|ist es|so|noch))?\s*[:,—–-]"
        r"|besser (?:wäre|direkt|memmove|gleich)|oder (?:besser|lieber|doch|vielleicht"
        r"|einfach)\b)",
    ),
    cue("de-or", Move.OR, Place.SENTENCE, "oder", r"oder\b(?! der\b)"),
    cue(
        "de-maybe",
        Move.MAYBE,
        Place.SENTENCE,
        "vielleicht eventuell womöglich vermutlich wahrscheinlich",
        r"(?:vielleicht|womöglich|vermutlich|wahrscheinlich)\b",
    ),
    cue(
        "de-decide",
        Move.DECIDE,
        Place.ANYWHERE,
        "nehmen lassen bleiben machen lass",
        r"(?:nehmen wir|lassen wir|bleiben wir|machen wir|lass uns)\b",
    ),
    cue(
        "de-for-now",
        Move.FOR_NOW,
        Place.ANYWHERE,
        "erst vorerst zunächst",
        r"(?:erst (?:ein)?mal|vorerst)\b",
    ),
    cue(
        "de-looks",
        Move.LOOKS_LIKE,
        Place.ANYWHERE,
        "sieht scheint anscheinend offenbar scheinbar",
        r"(?:sieht (?:so )?aus, als|(?:es )?scheint(?:,| so)|anscheinend|offenbar" r"|scheinbar)\b",
    ),
    cue(
        "de-means",
        Move.MEANS,
        Place.ANYWHERE,
        "heißt bedeutet liegt",
        r"(?:(?<=das )(?:heißt|bedeutet),|(?<=das )liegt (?:daran|an)|erklärt)",
    ),
    cue(
        "de-deduced",
        Move.DEDUCED,
        Place.ANYWHERE,
        "dürfte muss deshalb daher erklärt passt",
        r"(?:(?<=das )(?:dürfte|muss) (?:es|der|die|das|daran)|(?:deshalb|daher) (?:schlägt|ist|geht|kommt|steht|wird)"
        r"|(?<=das )(?:erklärt|passt))\b",
    ),
    cue(
        "de-settled",
        Move.SETTLED,
        Place.ANYWHERE,
        "bleibe dabei weg nehme lasse",
        r"(?:(?<=ich )(?:bleibe|nehme|lasse)|(?<=bleibt es )dabei|(?<=dann )weg)\b",
    ),
    cue(
        "de-so",
        Move.SO,
        Place.CLAUSE,
        "also dann deshalb",
        r"(?:also (?:muss|müss|ist|wird|nehmen|memmove|kein|doch|brauch|geht|reicht|die|der"
        r"|das|wir|ich)|dann (?:muss|müss|brauch|lieber|eben|also))\b",
    ),
    cue("de-but", Move.BUT, Place.SENTENCE, "aber", r"aber\b"),
    cue(
        "de-insight",
        Move.INSIGHT,
        Place.SENTENCE,
        "jetzt ich da verstehe",
        r"(?:jetzt (?:verstehe|sehe|weiß) ich|ich (?:sehe|verstehe)\b|da ist (?:es|der)"
        r"|verstehe[,.])",
    ),
    cue(
        "de-let-me",
        Move.LET_ME,
        Place.ANYWHERE,
        "lass schaue prüfe sehe suche ändere",
        r"(?:lass mich|(?<=ich )(?:schaue|prüfe|sehe|suche|ändere) (?:mir|jetzt|mal|erst|nach))\b",
    ),
    cue(
        "de-i-need",
        Move.I_NEED,
        Place.ANYWHERE,
        "ich",
        r"ich (?:muss|müsste|sollte|könnte|brauche)\b",
    ),
    cue(
        "de-we-need",
        Move.WE_NEED,
        Place.ANYWHERE,
        "wir",
        r"wir (?:müssen|sollten|könnten|brauchen)\b",
    ),
    cue(
        "de-sequence",
        Move.SEQUENCE,
        Place.ANYWHERE,
        "zuerst",
        r"zuerst\b[^.\n]{3,80}\b(?:dann|danach)\b",
    ),
    cue("de-address", Move.ADDRESS, Place.ANYWHERE, "sie ihnen ihr ihre du dir", r"\w+"),
)

#: Small words that give the language away.
SMALL_WORDS = frozenset(
    [
        "aber",
        "als",
        "also",
        "auch",
        "auf",
        "beginnt",
        "bei",
        "dann",
        "das",
        "dem",
        "den",
        "der",
        "die",
        "ein",
        "eine",
        "es",
        "für",
        "hier",
        "ich",
        "ist",
        "kann",
        "liste",
        "mit",
        "muss",
        "nicht",
        "noch",
        "nur",
        "oder",
        "sich",
        "sind",
        "sonst",
        "stimmt",
        "und",
        "von",
        "wenn",
        "wir",
        "wird",
        "zum",
        "zur",
    ]
)
