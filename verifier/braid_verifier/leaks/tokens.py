"""The tokens that hide or make a comment, language by language.

A quote with a backslash before it opens nothing: so a line, or a source, has at most one quote
of each kind that does not close, and the search stays linear.
"""

from __future__ import annotations

import re

from braid_verifier.leaks.lexing import Does, Rule, before, line_start

# A string on one line; a backslash takes what follows, a newline too.
DOUBLE = Rule(Does.SKIP, '"', r'(?<!\\")(?:[^"\\\n]++|\\[\s\S])*+"')
SINGLE = Rule(Does.SKIP, "'", r"(?<!\\')(?:[^'\\\n]++|\\[\s\S])*+'")
# A string over lines.
LONG_DOUBLE = Rule(Does.SKIP, '"', r'(?<!\\")(?:[^"\\]++|\\[\s\S])*+"')
_LONG_SINGLE = Rule(Does.SKIP, "'", r"(?<!\\')(?:[^'\\]++|\\[\s\S])*+'")
TRIPLE_DOUBLE = Rule(Does.SKIP, '"', r'""(?<!\\""")(?:[^"\\]++|\\[\s\S]|"(?!""))*+"{3,5}')
_TRIPLE_SINGLE = Rule(Does.SKIP, "'", r"''(?<!\\''')(?:[^'\\]++|\\[\s\S]|'(?!''))*+'''")
# No escapes inside.
RAW_DOUBLE = Rule(Does.SKIP, '"', r'""[^"]*+(?:"{1,2}(?!")[^"]*+)*+"{3,}')
BACKTICK = Rule(Does.SKIP, "`", r"[^`]*+`")
# A character, and nothing longer: lifetimes, primes and apostrophes are not the start of one.
CHARACTER = Rule(
    Does.SKIP, "'", r"(?:[^'\\\n]|\\(?:[^u\n]|u\{[0-9a-fA-F_]*\}|u+[0-9a-fA-F]{4})[^'\n]{0,9})'"
)
ESCAPED = Rule(Does.SKIP, "\\", r"[\s\S]")

SLASHES = Rule(Does.LINE, "/", r"/[^\n]*")
# A line that ends in a backslash goes on.
_SLASHES_ON = Rule(Does.LINE, "/", r"/(?:[^\n\\]++|\\\r?\n|\\)*+")
STARRED = Rule(Does.BLOCK, "/", r"\*[^*]*+(?:\*(?!/)[^*]*+)*+(?:\*/|\Z)")
STARRED_DEEP = Rule(Does.NESTED, "/", r"\*", pattern=re.compile(r"/\*|(\*/)"))
_HASH = Rule(Does.LINE, "#", r"[^\n]*")
# Where a hash is part of words and expansions, a comment begins after a space.
HASH_APART = Rule(Does.LINE, "#", r"(?<![^\s;&|()`]#)[^\n]*")
DASHES = Rule(Does.LINE, "-", r"-[^\n]*")
MARKUP = Rule(Does.BLOCK, "<", r"!--(?:[^-]++|-(?!->))*+(?:-->|\Z)")

OPEN_BRACE = Rule(Does.ENTER, "{", "", "braced")
CLOSE_BRACE = Rule(Does.LEAVE, "}", "")


# JavaScript: a slash begins a regular expression where a value may begin.

_VALUE_WORDS = re.compile(
    r"(?:^|[^\w$.])(?:return|typeof|case|in|of|delete|void|throw|new|do|else|instanceof"
    r"|yield|await|default|when|then|if|unless|elsif|while|until|and|or|not|puts|expect)$"
)


def _value_may_begin(source: str, start: int) -> bool:
    text = before(source, start)
    if not text:
        return True
    last = text[-1]
    if last.isalnum() or last in "_$":
        return _VALUE_WORDS.search(text) is not None
    if last == "!":
        # With nothing between the two it denies what follows, else it asserts what stands before.
        return source[start - 1 : start] == "!"
    return last not in ")]}\"'`<." and not text.endswith(("++", "--"))


def _ruby_value_may_begin(source: str, start: int) -> bool:
    line = source[max(0, start - 64) : start].rstrip(" \t")
    return line.endswith("\n") or _value_may_begin(source, start)


_TAG_AFTER = ("(", "[", "{", ",", "=", "?", ":", "&", "|", ";", "=>")


def _tag_may_begin(source: str, start: int) -> bool:
    text = before(source, start)
    if not text:
        return True
    if text[-1].isalnum():
        return _VALUE_WORDS.search(text) is not None
    return text.endswith(_TAG_AFTER)


_REGEX = Rule(
    Does.SKIP,
    "/",
    r"(?<!\\/)(?![/*])(?:[^/\\\[\n]++|\\[^\n]|\[(?:[^\]\\\n]|\\[^\n]){0,200}+\])++/[a-z]*",
    when=_value_may_begin,
)
JS = (
    Rule(Does.LINE, "/", r"(?<!:/)/[^\n]*"),
    STARRED,
    DOUBLE,
    SINGLE,
    Rule(Does.ENTER, "`", "", "template"),
    _REGEX,
    Rule(Does.SKIP, "/", ""),
)
JS_TEMPLATE = (Rule(Does.LEAVE, "`", ""), ESCAPED, Rule(Does.ENTER, "$", r"\{", "braced"))
JSX = (
    *JS,
    Rule(
        Does.ENTER,
        "<",
        r"[A-Za-z_$][\w$.:-]*+(?=[\s/>{])(?!\s+extends\b)",
        "tag",
        when=_tag_may_begin,
    ),
    Rule(Does.ENTER, "<", r">", "children", when=_tag_may_begin),
)
JSX_TAG = (
    Rule(Does.SKIP, '"', r'[^"]*+"'),
    Rule(Does.SKIP, "'", r"[^']*+'"),
    OPEN_BRACE,
    STARRED,
    Rule(Does.LINE, "/", r"/[^\n]*"),
    Rule(Does.LEAVE, "/", r">"),
    Rule(Does.SWITCH, ">", "", "children"),
)
JSX_CHILDREN = (
    OPEN_BRACE,
    Rule(Does.LEAVE, "<", r"/[^<>]*+>"),
    Rule(Does.ENTER, "<", r"[A-Za-z_$][\w$.:-]*+", "tag"),
    Rule(Does.ENTER, "<", r">", "children"),
)


# C++, Rust, Swift, C#, Lua, R: strings that say how they will end.


def _raw_rust(source: str, start: int) -> bool:
    head = source[max(0, start - 20) : start].rstrip("#")
    return head.endswith("r") and not head[:-1][-1:].isalnum() or head.endswith("br")


def _hashes_before(match: re.Match[str]) -> str:
    head = match.string[max(0, match.start() - 20) : match.start()]
    return '"' + "#" * (len(head) - len(head.rstrip("#")))


CPP_RAW = Rule(
    Does.CLOSED_BY,
    '"',
    r"(?<=R\")(?P<delimiter>[^()\\\s\"]{0,16})\(",
    closes=lambda match: ")" + match["delimiter"] + '"',
)
C_CHARACTER = Rule(Does.SKIP, "'", r"(?<![0-9a-fA-F]')(?:[^'\\\n]|\\[^\n])[^'\n]{0,9}'")
C = (_SLASHES_ON, STARRED, DOUBLE, C_CHARACTER)
RUST = (
    SLASHES,
    STARRED_DEEP,
    Rule(Does.CLOSED_BY, '"', r"(?<=[#r]\")", when=_raw_rust, closes=_hashes_before),
    LONG_DOUBLE,
    CHARACTER,
)
SWIFT = (
    SLASHES,
    STARRED_DEEP,
    Rule(
        Does.CLOSED_BY,
        "#",
        r"(?P<hashes>#{0,15})(?P<quotes>\"\"\"|\")",
        closes=lambda match: match["quotes"] + "#" + match["hashes"],
    ),
    Rule(Does.SKIP, "#", r"/(?:[^/\n]++|/(?!#))++/#"),
    Rule(Does.ENTER, '"', r'""', "long"),
    Rule(Does.ENTER, '"', r'(?<!\\")(?=(?:[^"\\\n]++|\\[\s\S])*+")', "quoted"),
    Rule(
        Does.SKIP, "/", r"(?<!\\/)(?![/* ])(?:[^/\\\n]++|\\[^\n])++(?<! )/", when=_value_may_begin
    ),
)
SWIFT_HOLE = Rule(Does.ENTER, "\\", r"\(", "parenthesised")
CSHARP = (
    SLASHES,
    STARRED,
    Rule(Does.ENTER, '"', r'(?<=\$@")', "verbatim"),
    Rule(Does.ENTER, '"', r'(?<=@\$")', "verbatim"),
    Rule(Does.SKIP, '"', r'(?<=@")[^"]*+(?:""[^"]*+)*+"'),
    Rule(
        Does.CLOSED_BY,
        '"',
        r'(?P<more>"{2,15})(?!")',
        closes=lambda match: '"' + match["more"],
    ),
    Rule(Does.ENTER, '"', r'(?<=\$")', "quoted"),
    DOUBLE,
    C_CHARACTER,
)
KOTLIN = (
    SLASHES,
    STARRED_DEEP,
    Rule(Does.ENTER, '"', r'""', "long"),
    Rule(Does.ENTER, '"', r'(?<!\\")', "quoted"),
    CHARACTER,
    Rule(Does.SKIP, "`", r"[^`\n]++`"),
)
KOTLIN_HOLE = Rule(Does.ENTER, "$", r"\{", "braced")
LUA = (
    Rule(
        Does.CLOSED_BY,
        "-",
        r"-\[(?P<level>=*)\[",
        mode="comment",
        closes=lambda match: "]" + match["level"] + "]",
    ),
    DASHES,
    Rule(
        Does.CLOSED_BY, "[", r"(?P<level2>=*)\[", closes=lambda match: "]" + match["level2"] + "]"
    ),
    DOUBLE,
    SINGLE,
)
HASKELL = (
    # Dashes are a comment where they are not part of an operator.
    Rule(Does.LINE, "-", r"(?<![!#$%&*+./<=>?@\\^|~:-]-)-++(?![!#$%&*+./<=>?@\\^|~:])[^\n]*"),
    Rule(Does.NESTED, "{", r"-", pattern=re.compile(r"\{-|(-\})")),
    Rule(Does.SKIP, '"', r'(?<!\\")(?:[^"\\\n]++|\\[ \t]*\r?\n[ \t]*\\|\\[^\n])*+"'),
    Rule(Does.SKIP, "'", r"(?<![\w']')(?:[^'\\\n]|\\[^\n][^'\n]{0,6})'"),
)

# Shell, Ruby, PHP: heredocs.


def _shell_word(match: re.Match[str]) -> str:
    tabs = r"\t*" if match["dash"] else ""
    return "^" + tabs + re.escape(match["word"].strip("'\"\\")) + r"[ \t]*(?:\r?\n|\Z)"


def _ruby_word(match: re.Match[str]) -> str:
    spaces = r"[ \t]*" if match["dash"] else ""
    return "^" + spaces + re.escape(match["word"].strip("'\"")) + r"[ \t]*\r?(?:\n|\Z)"


def _php_word(match: re.Match[str]) -> str:
    return r"^(?=[ \t]*" + re.escape(match["word"].strip("'\"")) + r"\b)"


def _not_in_word(source: str, start: int) -> bool:
    last = source[start - 1 : start]
    return not (last.isalnum() or last in ("_", "<", "]", ")", "}"))


SHELL = (
    HASH_APART,
    Rule(Does.SKIP, "'", r"[^']*+'"),
    Rule(Does.ENTER, '"', "", "quoted"),
    Rule(Does.SKIP, "$", r"'(?:[^'\\]++|\\[\s\S])*+'"),
    Rule(Does.SKIP, "$", r"#"),
    Rule(Does.ENTER, "$", r"\{", "expansion"),
    ESCAPED,
    Rule(Does.SKIP, "<", r"<<"),
    Rule(
        Does.HEREDOC,
        "<",
        r"<(?P<dash>-?)[ \t]*(?P<word>\\?\w[\w.-]*|'[^'\n]+'|\"[^\"\n]+\")",
        mode="open",
        closes=_shell_word,
    ),
)
SHELL_SUB = Rule(Does.ENTER, "$", r"\(", "parenthesised")
SHELL_EXPANSION = Rule(Does.ENTER, "$", r"\{", "expansion")

RUBY = (
    Rule(Does.SKIP, "?", r"[#\"'`/](?![\w])"),
    Rule(Does.SKIP, "$", r"[\"'`/](?=[\s,.)])"),
    _HASH,
    Rule(Does.ENTER, '"', r'(?<!\\")', "quoted"),
    _LONG_SINGLE,
    Rule(Does.SKIP, "`", r"(?<!\\`)(?:[^`\\]++|\\[\s\S])*+`"),
    Rule(
        Does.SKIP,
        "/",
        r"(?<!\\/)(?:[^/\\\[\n]++|\\[^\n]|\[(?:[^\]\\\n]|\\[^\n]){0,200}+\])++/[a-z]*",
        when=_ruby_value_may_begin,
    ),
    Rule(Does.BRACKETED, "%", r"[qQwWiIrsx][(\[{<|!/]", when=_not_in_word),
    Rule(Does.BRACKETED, "%", r"[({\[]", when=_ruby_value_may_begin),
    Rule(Does.BLOCK, "=", r"(?<![^\n]=)begin\b[\s\S]*?(?:^=end\b[^\n]*|\Z)"),
    Rule(
        Does.HEREDOC,
        "<",
        r"<(?P<dash>[~-]?)(?P<word>[A-Z_]\w*|'[^'\n]+'|\"[^\"\n]+\")",
        when=_not_in_word,
        closes=_ruby_word,
    ),
)
PHP = (
    Rule(Does.LINE, "/", r"/(?:[^\n?]++|\?(?!>))*+"),
    STARRED,
    Rule(Does.LINE, "#", r"(?!\[)(?:[^\n?]++|\?(?!>))*+"),
    LONG_DOUBLE,
    _LONG_SINGLE,
    Rule(
        Does.HEREDOC,
        "<",
        r"<<(?P<dash>)[ \t]*(?P<word>[A-Za-z_]\w*|'[^'\n]+'|\"[^\"\n]+\")",
        closes=_php_word,
    ),
    Rule(Does.SWITCH, "?", r">", "page"),
)
PHP_PAGE = (Rule(Does.SWITCH, "<", r"\?(?:php\b|=)?", "code"), MARKUP)


def php_start(source: str) -> str:
    opens, closes = source.find("<?"), source.find("?>")
    return "page" if opens >= 0 and not 0 <= closes < opens else "code"


def _sql_comment(source: str, start: int) -> bool:
    return not source[line_start(source, start) : start].strip()


SQL = (
    DASHES,
    STARRED,
    # The backslash is an escape in some dialects: not before the quote that ends a value.
    Rule(Does.SKIP, "'", r"(?<!\\')(?:[^'\\]++|''|\\(?!'(?:[\s,);]|\Z))[\s\S]|\\)*+'"),
    Rule(Does.SKIP, '"', r'[^"\n]*+"'),
    Rule(Does.SKIP, "`", r"[^`\n]*+`"),
    Rule(Does.LINE, "#", r"[ \t][^\n]*", when=_sql_comment),
)


_YAML_HEAD = re.compile(r"[ ]*(?:-[ ]+)*")


def _shallower(match: re.Match[str]) -> str:
    """Match the line that ends a block scalar: no deeper than the key, or dash, it belongs to."""
    source = match.string
    line = source[line_start(source, match.start()) : match.start()]
    head = _YAML_HEAD.match(line)
    depth = head.end() if head else 0
    if depth == len(line.rstrip(" ")) + 1 and "-" in line:
        depth = line.rindex("-")
    return rf"^(?= {{0,{depth}}}[^\s])|\Z"


YAML = (
    Rule(Does.LINE, "#", r"(?<![^\s]#)[^\n]*"),
    Rule(Does.SKIP, '"', r'(?<![^\s\[{,:(!]")(?:[^"\\]++|\\[\s\S])*+"'),
    Rule(Does.SKIP, "'", r"(?<![^\s\[{,:(!]')(?:[^']++|'')*+'"),
    # A block scalar: the lines that stand deeper than the one that announces it.
    Rule(
        Does.HEREDOC,
        "|",
        r"(?<=[ \t][|])[-+0-9]{0,2}(?=[ \t]*(?:#[^\n]*)?\r?\n)",
        closes=_shallower,
        mode="scalar",
    ),
    Rule(
        Does.HEREDOC,
        ">",
        r"(?<=[ \t][>])[-+0-9]{0,2}(?=[ \t]*(?:#[^\n]*)?\r?\n)",
        closes=_shallower,
        mode="scalar",
    ),
)


TOML = (
    _HASH,
    TRIPLE_DOUBLE,
    Rule(Does.SKIP, "'", r"''(?:[^']++|'(?!''))*+'{3,5}"),
    DOUBLE,
    Rule(Does.SKIP, "'", r"[^'\n]*+'"),
)
PYTHON = (
    _HASH,
    # Which of them is a doc string, and so a comment, is for the caller to say.
    Rule(Does.BLOCK, '"', r'""(?:[^"\\]++|\\[\s\S]|"(?!""))*+(?:"""|\Z)'),
    Rule(Does.BLOCK, "'", r"''(?:[^'\\]++|\\[\s\S]|'(?!''))*+(?:'''|\Z)"),
    DOUBLE,
    SINGLE,
)
R = (
    _HASH,
    Rule(
        Does.CLOSED_BY,
        '"',
        r"(?<=[rR]\")(?P<dashes>-{0,16})(?P<bracket>[(\[{])",
        closes=lambda match: (
            {"(": ")", "[": "]", "{": "}"}[match["bracket"]] + match["dashes"] + '"'
        ),
    ),
    LONG_DOUBLE,
    _LONG_SINGLE,
    Rule(Does.SKIP, "`", r"[^`\n]*+`"),
)
CSS = (
    STARRED,
    Rule(Does.SKIP, "u", r"rl\([ \t]*(?![\"'\s])[^)\n]*+\)?"),
    DOUBLE,
    SINGLE,
)
JAVA = (SLASHES, STARRED, TRIPLE_DOUBLE, DOUBLE, C_CHARACTER)
# Code of a language nobody named: marks that stand apart, so that addresses, colours, anchors
# and options are not taken for comments.
GENERIC = (
    Rule(Does.LINE, "/", r"(?<![^\s;,{}()\[\]]/)/[^\n]*"),
    STARRED,
    Rule(Does.LINE, "#", r"(?<![^\s;]#)(?=[\s#!])[^\n]*"),
    Rule(Does.LINE, "-", r"(?<![^\s;]-)-(?=[\s-])[^\n]*"),
    MARKUP,
    TRIPLE_DOUBLE,
    DOUBLE,
    Rule(Does.SKIP, "'", r"(?<![\w\\]')(?:[^'\\\n]++|\\[^\n])*+'"),
    Rule(Does.SKIP, "`", r"[^`\n]*+`"),
)
SEMICOLONS = (Rule(Does.LINE, ";", r"[^\n]*"), LONG_DOUBLE, Rule(Does.SKIP, "\\", r"[\s\S]"))
