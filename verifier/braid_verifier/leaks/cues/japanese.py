"""Cues of Japanese.

There are no spaces between words: `words` are what has to be there, and the patterns are searched for
and name their places themselves.
"""

from __future__ import annotations

from braid_verifier.leaks.cues.cue import BEGIN, Cue, Place, cue
from braid_verifier.leaks.cues.move import Move

CUES: tuple[Cue, ...] = (
    cue(
        "ja-wait",
        Move.WAIT,
        Place.ANYWHERE,
        "待って 待った 待てよ",
        BEGIN + r"(?:ちょっと)?(?:待って(?=[、。,]|\Z)|待てよ)",
    ),
    cue(
        "ja-no",
        Move.NO,
        Place.ANYWHERE,
        "いや 違う いえ",
        BEGIN + r"(?:いやいや|いや[、,]|違う[、。]|いえ[、,])",
    ),
    cue(
        "ja-hmm",
        Move.HMM,
        Place.ANYWHERE,
        "うーん えっと ええと ふむ んー",
        BEGIN + r"(?:うーん|えっと|ええと|ふむ|んー)",
    ),
    cue(
        "ja-oh",
        Move.INTERJECTION,
        Place.ANYWHERE,
        "あ、 あれ そうか なるほど おっと",
        BEGIN + r"(?:あ[、,]|あれ[、？]|そうか|なるほど|おっと)",
    ),
    cue(
        "ja-actually",
        Move.ACTUALLY,
        Place.ANYWHERE,
        "やっぱり やはり よく考え",
        r"(?:やっぱり|やはり|よく考えると|よく見ると)",
    ),
    cue(
        "ja-retract",
        Move.RETRACT,
        Place.ANYWHERE,
        "間違え 勘違い 見間違 考え直 忘れて",
        r"(?:間違えました|間違えた|勘違い|見間違|考え直|忘れていた)",
    ),
    cue(
        "ja-question",
        Move.UNSURE,
        Place.ANYWHERE,
        "どちら べきか だろうか もしかして かな",
        r"(?:どちらが[^。\n]{0,12}[か？]|べきか|だろうか|もしかして|かな[？。])",
    ),
    cue(
        "ja-maybe",
        Move.MAYBE,
        Place.ANYWHERE,
        "かもしれない たぶん おそらく",
        r"(?:かもしれない|かもしれません|たぶん|おそらく)",
    ),
    cue(
        "ja-decide",
        Move.DECIDE,
        Place.ANYWHERE,
        "にしよう 使おう しておこう とりあえず ておく にしておく",
        r"(?:にしよう|(?:を)?使おう|ておこう|とりあえず)",
    ),
    cue(
        "ja-looks",
        Move.LOOKS_LIKE,
        Place.ANYWHERE,
        "ようだ ようです みたい らしい",
        r"(?:いるようだ|いないようです|いるようです|のようだ|みたいだ|らしい。)",
    ),
    cue(
        "ja-means",
        Move.MEANS,
        Place.ANYWHERE,
        "ということは つまり はず なので だから",
        r"(?:ということは|" + BEGIN + r"つまり|はず。|のはず)",
    ),
    cue(
        "ja-deduced",
        Move.DEDUCED,
        Place.ANYWHERE,
        "ということは はずだ 原因は に違いない わけだ",
        r"(?:ということは[、,]|はずだ[。、]|はずだが|原因は[^。\n]{1,20}(?:だ|です|のよう)|に違いない|わけだ)",
    ),
    cue("ja-but", Move.BUT, Place.ANYWHERE, "でも しかし ただ", BEGIN + r"(?:でも|しかし)"),
    cue(
        "ja-let-me",
        Move.LET_ME,
        Place.ANYWHERE,
        "みよう みます みましょう みる 確認する",
        r"(?:てみよう|てみます|見てみ|確認しよう|してみる。)",
    ),
    cue(
        "ja-i-need",
        Move.I_NEED,
        Place.ANYWHERE,
        "必要がある 必要があり 直す必要",
        r"(?:直す|変える|修正する|確認する|先に[^。\n]{1,12})必要があ",
    ),
    cue(
        "ja-address",
        Move.ADDRESS,
        Place.ANYWHERE,
        "ください お知らせ ご不明 あなた ご",
        r"(?:ください|お知らせ|ご不明|あなた)",
    ),
)
