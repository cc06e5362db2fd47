"""Cues of French."""

from __future__ import annotations

from braid_verifier.leaks.cues.cue import APART, Cue, Place, cue
from braid_verifier.leaks.cues.move import Move

CUES: tuple[Cue, ...] = (
    cue(
        "fr-wait",
        Move.WAIT,
        Place.SENTENCE,
        "attends attendez minute",
        r"(?:attends|attendez)" + APART,
    ),
    cue("fr-hmm", Move.HMM, Place.CLAUSE, "hm hmm euh heu bon", r"(?:h+m+|euh+|heu)" + APART),
    cue(
        "fr-no",
        Move.NO,
        Place.SENTENCE,
        "non enfin ah",
        r"(?:ah,? non\b|non(?:,|\.(?=\s))|enfin non\b)",
    ),
    cue(
        "fr-oh",
        Move.INTERJECTION,
        Place.SENTENCE,
        "ah oups oh zut tiens",
        r"(?:ah|oups|oh|zut|tiens)" + APART,
    ),
    cue(
        "fr-actually",
        Move.ACTUALLY,
        Place.SENTENCE,
        "en finalement",
        r"(?:en fait(?:,| non| c'est| il (?:faut|y a|n'y)| on| je| pas| le | la "
        r"| les )(?! d'après)|finalement[, ](?:non|on|je|il))",
    ),
    cue(
        "fr-retract",
        Move.RETRACT,
        Place.ANYWHERE,
        "trompé réflexion oublié erreur reprenons recommençons plutôt",
        r"(?:je me suis trompée?|(?<=me suis )trompé|réflexion|(?<=j'ai )oublié|reprenons"
        r"|recommençons|(?<=faudrait )plutôt|(?<=ou )plutôt)",
    ),
    cue(
        "fr-better",
        Move.BETTER,
        Place.CLAUSE,
        "mieux ou plus",
        r"(?:mieux\s*:|mieux vaut|ou (?:plutôt|mieux)|plus simple\s*[:,])",
    ),
    cue("fr-or", Move.OR, Place.SENTENCE, "ou", r"ou (?:bien|plutôt|alors)\b"),
    cue("fr-maybe", Move.MAYBE, Place.SENTENCE, "peut-être peut", r"peut-être\b"),
    cue(
        "fr-decide",
        Move.DECIDE,
        Place.ANYWHERE,
        "restons laissons gardons prenons supposons utilisons",
        r"(?:restons|laissons|gardons|prenons|supposons|utilisons)\b",
    ),
    cue("fr-for-now", Move.FOR_NOW, Place.ANYWHERE, "instant", r"instant\b"),
    cue(
        "fr-looks",
        Move.LOOKS_LIKE,
        Place.ANYWHERE,
        "dirait semble apparemment visiblement",
        r"(?:dirait (?:que|qu')|semble(?:rait)? (?:que|qu')|apparemment|visiblement)",
    ),
    cue(
        "fr-means",
        Move.MEANS,
        Place.ANYWHERE,
        "signifie veut explique",
        r"(?:(?:signifie|veut dire) (?:que|qu')|(?<=ce qui )explique)",
    ),
    cue(
        "fr-deduced",
        Move.DEDUCED,
        Place.ANYWHERE,
        "sûrement probablement ça doit c'est voilà",
        r"(?:(?<=c'est )(?:sûrement|probablement|forcément)|ça (?:explique|colle|correspond|doit)|(?<=ça )doit être"
        r"|c'est (?:pour ça|donc|ça qui|là que))\b",
    ),
    cue(
        "fr-settled",
        Move.SETTLED,
        Place.CLAUSE,
        "bon ok tant",
        r"(?:bon,|ok,|tant pis)",
    ),
    cue(
        "fr-so",
        Move.SO,
        Place.CLAUSE,
        "donc alors du",
        r"(?:donc (?:ça|ce|cela|l|il|le|la|les|il|on|pas|une?|je|ça|c'est)\b|du coup\b)",
    ),
    cue("fr-but", Move.BUT, Place.SENTENCE, "mais", r"mais\b"),
    cue(
        "fr-insight",
        Move.INSIGHT,
        Place.SENTENCE,
        "je voilà maintenant ah",
        r"(?:je (?:vois|comprends)\b|voilà\b|maintenant je (?:vois|comprends))",
    ),
    cue(
        "fr-let-me",
        Move.LET_ME,
        Place.ANYWHERE,
        "voyons regardons vais laisse laissez vérifions",
        r"(?:voyons|regardons|vérifions|(?<=je )vais (?:forcer|utiliser|changer|corriger|ajouter|essayer|garder|passer|regarder|vérifier|commencer|voir"
        r"|d'abord)|laisse(?:z)?-moi (?:voir|vérifier|regarder))\b",
    ),
    cue("fr-i-need", Move.I_NEED, Place.ANYWHERE, "je", r"je (?:dois|devrais|pourrais)\b"),
    cue(
        "fr-we-need",
        Move.WE_NEED,
        Place.ANYWHERE,
        "faut faudrait on",
        r"(?:(?<=il )(?:faut|faudrait)|on (?:doit|devrait|pourrait))\b",
    ),
    cue(
        "fr-sequence",
        Move.SEQUENCE,
        Place.ANYWHERE,
        "d'abord",
        r"d'abord\b[^.\n]{3,80}\b(?:puis|ensuite)\b",
    ),
    cue("fr-address", Move.ADDRESS, Place.ANYWHERE, "vous votre vos tu ton", r"\w+"),
)

#: Small words that give the language away.
SMALL_WORDS = frozenset(
    [
        "au",
        "aux",
        "avec",
        "ce",
        "cette",
        "commence",
        "dans",
        "des",
        "donc",
        "du",
        "elle",
        "est",
        "et",
        "faut",
        "il",
        "je",
        "la",
        "le",
        "les",
        "liste",
        "mais",
        "nous",
        "on",
        "ou",
        "par",
        "pas",
        "peut",
        "plus",
        "pour",
        "que",
        "qui",
        "se",
        "si",
        "sur",
        "un",
        "une",
        "à",
        "ça",
    ]
)
