"""Cues of Spanish."""

from __future__ import annotations

from braid_verifier.leaks.cues.cue import APART, Cue, Place, cue
from braid_verifier.leaks.cues.move import Move

CUES: tuple[Cue, ...] = (
    cue(
        "es-wait",
        Move.WAIT,
        Place.SENTENCE,
        "espera esperen momento un",
        r"(?:espera|espere|un momento)" + APART,
    ),
    cue("es-hmm", Move.HMM, Place.CLAUSE, "hm hmm mmm eh", r"(?:h+m+|mmm+)" + APART),
    cue("es-no", Move.NO, Place.SENTENCE, "no", r"no(?:,|\.(?=\s))"),
    cue(
        "es-oh",
        Move.INTERJECTION,
        Place.SENTENCE,
        "ah oh ups vaya ay",
        r"(?:ah|oh|ups|vaya|ay)" + APART,
    ),
    cue(
        "es-actually",
        Move.ACTUALLY,
        Place.SENTENCE,
        "en",
        r"en realidad(?:,| no| hace| ya| lo| se| hay| el| la| deber)(?! es una cadena)",
    ),
    cue(
        "es-retract",
        Move.RETRACT,
        Place.ANYWHERE,
        "equivoqué pensándolo confundí olvidé error mejor",
        r"(?:equivoqué|pensándolo (?:bien|mejor)|(?<=me )confundí|olvidé|mejor (?:hago|uso|dejo|pongo|devuelvo|lo|la|los"
        r"|dicho|un|una|así|usar|usamos|no|quit))\b",
    ),
    cue(
        "es-better",
        Move.BETTER,
        Place.CLAUSE,
        "mejor o más",
        r"(?:mejor\s*[:,]|mejor dicho|o (?:mejor|quizás|tal vez|simplemente)\b|más "
        r"(?:simple|fácil|sencillo)\s*[:,])",
    ),
    cue(
        "es-or", Move.OR, Place.SENTENCE, "o", r"o (?:tal vez|quizás?|mejor|bien|sea|simplemente)\b"
    ),
    cue(
        "es-maybe",
        Move.MAYBE,
        Place.SENTENCE,
        "quizás quizá tal a",
        r"(?:quizás?|tal vez|a lo mejor)\b",
    ),
    cue(
        "es-decide",
        Move.DECIDE,
        Place.ANYWHERE,
        "dejamos usemos asumamos supongamos dejémoslo quedémonos",
        r"(?:dejamos|usemos|asumamos|supongamos|dejémoslo|quedémonos)\b",
    ),
    cue("es-for-now", Move.FOR_NOW, Place.ANYWHERE, "ahora", r"(?<=por )ahora\b"),
    cue(
        "es-looks",
        Move.LOOKS_LIKE,
        Place.ANYWHERE,
        "parece aparentemente",
        r"(?:parece (?:que|ser)|aparentemente)\b",
    ),
    cue(
        "es-means",
        Move.MEANS,
        Place.ANYWHERE,
        "significa quiere explica",
        r"(?:(?:significa|quiere decir) que|(?<=lo que )explica)\b",
    ),
    cue(
        "es-deduced",
        Move.DEDUCED,
        Place.ANYWHERE,
        "eso tiene por problema debe encontré",
        r"(?:eso explica|tiene que ser|por eso (?:falla|no|el|la|se)|(?<=el )problema (?:es|está|no es|debe)"
        r"|debe (?:de )?ser (?:eso|el|la|por|porque|que)|encontré[:!.])",
    ),
    cue(
        "es-settled",
        Move.SETTLED,
        Place.ANYWHERE,
        "dejo quedo aunque",
        r"(?:(?<=lo )dejo\b|(?<=me )quedo con|aunque\.\.\.)",
    ),
    cue("es-so", Move.SO, Place.CLAUSE, "entonces así", r"(?:entonces|así que)\b"),
    cue("es-but", Move.BUT, Place.SENTENCE, "pero", r"pero\b"),
    cue(
        "es-insight",
        Move.INSIGHT,
        Place.SENTENCE,
        "ahora veo entiendo ya",
        r"(?:(?:ahora|ya) (?:veo|entiendo)\b|veo (?:el|que)\b|entiendo[,.])",
    ),
    cue(
        "es-wrong",
        Move.WRONG,
        Place.ANYWHERE,
        "funciona está",
        r"(?:(?<=esto no )funciona|(?<=eso no )funciona|(?<=eso )está mal)\b",
    ),
    cue(
        "es-let-me",
        Move.LET_ME,
        Place.ANYWHERE,
        "déjame veamos ver vamos voy",
        r"(?:déjame|veamos|(?<=\ba )ver\b|voy a (?:empezar|ver|revisar|comprobar|mirar"
        r"|buscar|subir|cambiar|probar|usar|hacer|poner|añadir|agregar|intentar|quitar|corregir|ajustar))",
    ),
    cue(
        "es-i-need",
        Move.I_NEED,
        Place.ANYWHERE,
        "tengo debería necesito debo convenga",
        r"(?:tengo que|necesito|debo|debería|convenga)\b",
    ),
    cue(
        "es-sequence",
        Move.SEQUENCE,
        Place.ANYWHERE,
        "primero",
        r"primero (?:tengo|voy|debo|hay)[^.\n]{3,80}\b(?:luego|después)\b",
    ),
    cue(
        "es-address",
        Move.ADDRESS,
        Place.ANYWHERE,
        "usted tú tu necesitas dime puedes quieres ustedes",
        r"\w+",
    ),
)

#: Small words that give the language away.
SMALL_WORDS = frozenset(
    [
        "al",
        "así",
        "con",
        "cuando",
        "de",
        "del",
        "después",
        "devuelve",
        "el",
        "en",
        "es",
        "esta",
        "esto",
        "está",
        "función",
        "hay",
        "la",
        "las",
        "lo",
        "los",
        "luego",
        "más",
        "no",
        "para",
        "pero",
        "por",
        "que",
        "se",
        "si",
        "su",
        "todo",
        "un",
        "una",
        "vacía",
        "y",
        "ya",
    ]
)
