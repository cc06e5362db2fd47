"""Cues of Chinese.

There are no spaces between words: `words` are what has to be there, and the patterns are searched for
and name their places themselves.
"""

from __future__ import annotations

from braid_verifier.leaks.cues.cue import BEGIN, Cue, Place, cue
from braid_verifier.leaks.cues.move import Move

CUES: tuple[Cue, ...] = (
    cue(
        "zh-wait",
        Move.WAIT,
        Place.ANYWHERE,
        "等等 等一下 等下 且慢 不对",
        BEGIN + r"(?:等等|等一下|等下|且慢|不对)(?=[，,。！!…—]|\Z)",
    ),
    cue(
        "zh-no",
        Move.NO,
        Place.ANYWHERE,
        "不对 不是 不， 不,",
        BEGIN + r"(?:不对(?![，,。！!…—])|不是吧|不是的?[，,]|不[，,])",
    ),
    cue(
        "zh-hmm",
        Move.HMM,
        Place.ANYWHERE,
        "嗯 呃 唔 哦 啊 噢",
        BEGIN + r"(?:嗯+|呃+|唔|哦|噢|啊)(?=[，,。…])",
    ),
    cue(
        "zh-actually",
        Move.ACTUALLY,
        Place.ANYWHERE,
        "其实 实际上 事实上",
        BEGIN + r"(?:其实(?![现施行际值])|实际上(?=[，,a-zA-Z ]|这|我|不|可|只|是|没)|事实上)",
    ),
    cue(
        "zh-retract",
        Move.RETRACT,
        Place.ANYWHERE,
        "看错 搞错 弄错 想错 重新 算了 还是 忘了 错了",
        r"(?:看错|搞错|弄错|想错|算了|我忘了|重新(?:考虑|想|看|改|思考|审视|检查)|(?:那|不过|但|，)还是|还是(?:用|算了|先|加|保留|改)"
        r"|不过为了)",
    ),
    cue(
        "zh-question",
        Move.UNSURE,
        Place.ANYWHERE,
        "要不要 是不是 还是 会不会 能不能 该不该",
        r"(?:要不要|是不是|会不会|该不该|能不能)[^。\n]{0,30}[？?]|还是[^。\n]{1,20}[？?]",
    ),
    cue(
        "zh-maybe",
        Move.MAYBE,
        Place.ANYWHERE,
        "也许 或许 可能是 应该是 大概",
        BEGIN + r"(?:也许|或许|可能是(?!由|因)|大概是|应该是)",
    ),
    cue(
        "zh-decide",
        Move.DECIDE,
        Place.ANYWHERE,
        "吧 先不 那就 暂时",
        r"(?:用[^，。\n]{1,16}吧|(?:先|暂时)不[^，。\n]{1,10}了|那就|加上吧|这样吧|好了$)",
    ),
    cue(
        "zh-looks",
        Move.LOOKS_LIKE,
        Place.ANYWHERE,
        "看起来 看来 似乎 好像 说明",
        r"(?:看起来|看来|似乎|好像|[，,]说明)",
    ),
    cue(
        "zh-means",
        Move.MEANS,
        Place.ANYWHERE,
        "意味着 也就是说 问题出在 问题在于 问题是 原来",
        r"(?:这意味着|也就是说|问题(?:出在|在于|是)|" + BEGIN + r"原来)",
    ),
    cue(
        "zh-deduced",
        Move.DEDUCED,
        Place.ANYWHERE,
        "难怪 怪不得 应该就是 肯定是 这就是 这就解释 原因",
        r"(?:难怪|怪不得|应该就是|肯定是|这就(?:是|解释)|原因(?:是|在于))",
    ),
    cue("zh-so", Move.SO, Place.ANYWHERE, "所以 因此 那么", r"[，,。\n ]?(?:所以|因此|那么)"),
    cue("zh-but", Move.BUT, Place.ANYWHERE, "但是 不过 但", BEGIN + r"(?:但是|不过|但)"),
    cue(
        "zh-insight",
        Move.INSIGHT,
        Place.ANYWHERE,
        "现在我 我明白 我知道 我发现 我看到 明白了 好的",
        BEGIN
        + r"(?:现在我(?:明白|知道|了解|看到)|我(?:明白|知道|发现|看到|注意到)|明白了|好的[，,])",
    ),
    cue(
        "zh-let-me",
        Move.LET_ME,
        Place.ANYWHERE,
        "让我 我来 我先 我再 我重新",
        r"(?:让我|我来|我先|我再|我重新)(?!们)",
    ),
    cue(
        "zh-i-need",
        Move.I_NEED,
        Place.ANYWHERE,
        "我需要 我应该 我得 我觉得 我认为 我们需要 我们应该",
        r"(?:我(?:们)?(?:需要|应该)|我(?:得|觉得|认为))",
    ),
    cue(
        "zh-sequence",
        Move.SEQUENCE,
        Place.ANYWHERE,
        "先",
        r"(?:我|需要|我们)[^。\n]{0,4}先[^。\n]{2,40}(?:然后|再|接着)",
    ),
    cue("zh-address", Move.ADDRESS, Place.ANYWHERE, "您 你 请", r"[您你请]"),
)
