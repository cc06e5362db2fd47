"""Cues of Portuguese."""

from __future__ import annotations

from braid_verifier.leaks.cues.cue import APART, Cue, Place, cue
from braid_verifier.leaks.cues.move import Move

CUES: tuple[Cue, ...] = (
    cue(
        "pt-wait",
        Move.WAIT,
        Place.SENTENCE,
        "espera espere peraí calma",
        r"(?:espera|espere|peraí|calma)" + APART,
    ),
    cue("pt-hmm", Move.HMM, Place.CLAUSE, "hm hmm mmm", r"(?:h+m+|mmm+)" + APART),
    cue("pt-no", Move.NO, Place.SENTENCE, "não", r"não(?:,|\.(?=\s))"),
    cue("pt-oh", Move.INTERJECTION, Place.SENTENCE, "ah oh ops opa", r"(?:ah|oh|ops|opa)" + APART),
    cue(
        "pt-actually",
        Move.ACTUALLY,
        Place.SENTENCE,
        "na aliás",
        r"(?:na verdade(?:,| não| (?:o|a|os|as|ele|ela|isso|já|precis|pod|dev|vamos|vou"
        r"|melhor)\b)|aliás,)",
    ),
    cue(
        "pt-actually-inner",
        Move.ACTUALLY,
        Place.CLAUSE,
        "na mas",
        r"(?:mas )?na verdade,? (?:não|o|a|já|isso|precis|vamos|vou)\b",
    ),
    cue(
        "pt-retract",
        Move.RETRACT,
        Place.ANYWHERE,
        "enganei pensando confundi esqueci melhor errei li corrigindo deixa repensando achei pensei",
        r"(?:enganei|errei|(?<=eu )li (?:errado|mal)|corrigindo[:,]|deixa pra lá|repensando|(?<=eu )(?:achei|pensei) que"
        r"|pensando (?:bem|melhor)|confundi|esqueci|melhor (?:passar|mudar|trocar|retornar|tirar|remover|usar|não"
        r"|fazer|assim|deixar|manter|criar))\b",
    ),
    cue(
        "pt-better",
        Move.BETTER,
        Place.CLAUSE,
        "melhor ou mais",
        r"(?:melhor(?: ainda)?\s*[:,]|ou (?:melhor|talvez|então|simplesmente)\b|mais "
        r"(?:simples|fácil)\s*[:,])",
    ),
    cue(
        "pt-or",
        Move.OR,
        Place.SENTENCE,
        "ou",
        r"ou (?:talvez|melhor|então|seja|simplesmente|podemos|poderia|lançamos|usar|criar)\b",
    ),
    cue(
        "pt-maybe",
        Move.MAYBE,
        Place.SENTENCE,
        "talvez provavelmente",
        r"(?:talvez (?!nul)|provavelmente)",
    ),
    cue(
        "pt-decide",
        Move.DECIDE,
        Place.ANYWHERE,
        "vamos",
        r"vamos (?:com|de|por|trocar|mudar|usar|manter|deixar|assumir|tentar|simplificar|fazer|focar|remover"
        r"|ajustar|garantir|apenas|só|seguir|supor|considerar|retornar|colocar|adicionar"
        r"|permitir)\b",
    ),
    cue(
        "pt-for-now",
        Move.FOR_NOW,
        Place.ANYWHERE,
        "enquanto simplicidade",
        r"(?:(?<=por )enquanto|(?<=por )simplicidade|simplicidade)\b",
    ),
    cue(
        "pt-looks",
        Move.LOOKS_LIKE,
        Place.ANYWHERE,
        "parece aparentemente deve",
        r"(?:parece (?:que|ser)|aparentemente|deve ser (?:isso|o|a|por|porque|que))\b",
    ),
    cue(
        "pt-means",
        Move.MEANS,
        Place.ANYWHERE,
        "significa quer explica",
        r"(?:(?:significa|quer dizer) que|(?<=o que )explica)\b",
    ),
    cue(
        "pt-deduced",
        Move.DEDUCED,
        Place.ANYWHERE,
        "isso por logo problema tem encontrei bate",
        r"(?:isso explica|por isso (?:o|a|que|não|dá|falha)|(?<=o )problema (?:é|está|não é|deve)|tem que ser"
        r"|encontrei[:!.]|bate com)\b",
    ),
    cue("pt-so", Move.SO, Place.CLAUSE, "então logo portanto", r"(?:então|portanto)\b"),
    cue("pt-but", Move.BUT, Place.SENTENCE, "mas", r"mas\b"),
    cue(
        "pt-insight",
        Move.INSIGHT,
        Place.SENTENCE,
        "agora vejo entendi já certo ok beleza estranho interessante o",
        r"(?:agora (?:entendi|vejo|entendo|sim|faz sentido)\b|vejo (?:o|que)\b|entendi[,.]|(?:certo|ok|beleza)[,.]"
        r"|estranho\b|interessante\b|o usuário (?:quer|pediu|está)\b)",
    ),
    cue(
        "pt-wrong",
        Move.WRONG,
        Place.ANYWHERE,
        "funciona está",
        r"(?:(?<=isso não )funciona|(?<=isso )está errado)\b",
    ),
    cue(
        "pt-let-me",
        Move.LET_ME,
        Place.ANYWHERE,
        "deixa deixe-me deixe vamos vou",
        r"(?:deixa eu|deixe-me|vamos (?:ver|verificar|checar|olhar|testar)|vou (?:começar"
        r"|ver|verificar|usar|assumir|manter|precisar|ajustar|trocar|mudar|corrigir|testar|olhar|checar"
        r"|procurar|primeiro|fazer|tentar|adicionar|criar|mexer|passar))\b",
    ),
    cue(
        "pt-i-need",
        Move.I_NEED,
        Place.ANYWHERE,
        "preciso devo deveria precisamos podemos poderíamos",
        r"(?:preciso|devo|deveria|precisamos|podemos|poderíamos)\b",
    ),
    cue(
        "pt-sequence",
        Move.SEQUENCE,
        Place.ANYWHERE,
        "primeiro",
        r"primeiro\b[^.\n]{3,80}\b(?:depois|então)\b",
    ),
    cue("pt-unsure", Move.UNSURE, Place.ANYWHERE, "acho será", r"(?:acho que|será que)\b"),
    cue(
        "pt-address",
        Move.ADDRESS,
        Place.ANYWHERE,
        "você você seu sua precisar avisar vocês",
        r"\w+",
    ),
)

#: Small words that give the language away.
SMALL_WORDS = frozenset(
    [
        "a",
        "ao",
        "aqui",
        "as",
        "com",
        "da",
        "de",
        "do",
        "ela",
        "ele",
        "em",
        "então",
        "esta",
        "está",
        "isso",
        "já",
        "lista",
        "lo",
        "mais",
        "mas",
        "na",
        "no",
        "não",
        "o",
        "os",
        "para",
        "pelo",
        "por",
        "que",
        "se",
        "ser",
        "são",
        "também",
        "um",
        "uma",
        "valor",
        "é",
    ]
)
