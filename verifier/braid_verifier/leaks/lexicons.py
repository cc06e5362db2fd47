"""The lexicons: what hides and what makes a comment, language by language.

A quote with a backslash before it opens nothing: so a line, or a source, has at most one quote
of each kind that does not close, and the search stays linear.
"""

from __future__ import annotations

import re
from functools import cache

from braid_verifier.leaks.lexing import Does, Lexicon, Mode, Rule, before, line_start

# A string on one line; a backslash takes what follows, a newline too.
_DOUBLE = Rule(Does.SKIP, '"', r'(?<!\\")(?:[^"\\\n]++|\\[\s\S])*+"')
_SINGLE = Rule(Does.SKIP, "'", r"(?<!\\')(?:[^'\\\n]++|\\[\s\S])*+'")
# A string over lines.
_LONG_DOUBLE = Rule(Does.SKIP, '"', r'(?<!\\")(?:[^"\\]++|\\[\s\S])*+"')
_LONG_SINGLE = Rule(Does.SKIP, "'", r"(?<!\\')(?:[^'\\]++|\\[\s\S])*+'")
_TRIPLE_DOUBLE = Rule(Does.SKIP, '"', r'""(?<!\\""")(?:[^"\\]++|\\[\s\S]|"(?!""))*+"{3,5}')
_TRIPLE_SINGLE = Rule(Does.SKIP, "'", r"''(?<!\\''')(?:[^'\\]++|\\[\s\S]|'(?!''))*+'''")
# No escapes inside.
_RAW_DOUBLE = Rule(Does.SKIP, '"', r'""[^"]*+(?:"{1,2}(?!")[^"]*+)*+"{3,}')
_BACKTICK = Rule(Does.SKIP, "`", r"[^`]*+`")
# A character, and nothing longer: lifetimes, primes and apostrophes are not the start of one.
_CHARACTER = Rule(
    Does.SKIP, "'", r"(?:[^'\\\n]|\\(?:[^u\n]|u\{[0-9a-fA-F_]*\}|u+[0-9a-fA-F]{4})[^'\n]{0,9})'"
)
_ESCAPED = Rule(Does.SKIP, "\\", r"[\s\S]")

_SLASHES = Rule(Does.LINE, "/", r"/[^\n]*")
# A line that ends in a backslash goes on.
_SLASHES_ON = Rule(Does.LINE, "/", r"/(?:[^\n\\]++|\\\r?\n|\\)*+")
_STARRED = Rule(Does.BLOCK, "/", r"\*[^*]*+(?:\*(?!/)[^*]*+)*+(?:\*/|\Z)")
_STARRED_DEEP = Rule(Does.NESTED, "/", r"\*", pattern=re.compile(r"/\*|(\*/)"))
_HASH = Rule(Does.LINE, "#", r"[^\n]*")
# Where a hash is part of words and expansions, a comment begins after a space.
_HASH_APART = Rule(Does.LINE, "#", r"(?<![^\s;&|()`]#)[^\n]*")
_DASHES = Rule(Does.LINE, "-", r"-[^\n]*")
_MARKUP = Rule(Does.BLOCK, "<", r"!--(?:[^-]++|-(?!->))*+(?:-->|\Z)")

_OPEN_BRACE = Rule(Does.ENTER, "{", "", "braced")
_CLOSE_BRACE = Rule(Does.LEAVE, "}", "")


def _lexicon(*rules: Rule) -> Lexicon:
    return Lexicon({"code": Mode(rules)})


def _with_templates(rules: tuple[Rule, ...], **modes: tuple[Rule, ...]) -> Lexicon:
    """Add the mode in which code between braces stands in a template."""
    made = {name: Mode(mode) for name, mode in modes.items()}
    made["code"] = Mode(rules)
    made["braced"] = Mode((*rules, _OPEN_BRACE, _CLOSE_BRACE))
    return Lexicon(made)


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
_JS = (
    Rule(Does.LINE, "/", r"(?<!:/)/[^\n]*"),
    _STARRED,
    _DOUBLE,
    _SINGLE,
    Rule(Does.ENTER, "`", "", "template"),
    _REGEX,
    Rule(Does.SKIP, "/", ""),
)
_JS_TEMPLATE = (Rule(Does.LEAVE, "`", ""), _ESCAPED, Rule(Does.ENTER, "$", r"\{", "braced"))
_JSX = (
    *_JS,
    Rule(
        Does.ENTER,
        "<",
        r"[A-Za-z_$][\w$.:-]*+(?=[\s/>{])(?!\s+extends\b)",
        "tag",
        when=_tag_may_begin,
    ),
    Rule(Does.ENTER, "<", r">", "children", when=_tag_may_begin),
)
_JSX_TAG = (
    Rule(Does.SKIP, '"', r'[^"]*+"'),
    Rule(Does.SKIP, "'", r"[^']*+'"),
    _OPEN_BRACE,
    _STARRED,
    Rule(Does.LINE, "/", r"/[^\n]*"),
    Rule(Does.LEAVE, "/", r">"),
    Rule(Does.SWITCH, ">", "", "children"),
)
_JSX_CHILDREN = (
    _OPEN_BRACE,
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


_CPP_RAW = Rule(
    Does.CLOSED_BY,
    '"',
    r"(?<=R\")(?P<delimiter>[^()\\\s\"]{0,16})\(",
    closes=lambda match: ")" + match["delimiter"] + '"',
)
_C_CHARACTER = Rule(Does.SKIP, "'", r"(?<![0-9a-fA-F]')(?:[^'\\\n]|\\[^\n])[^'\n]{0,9}'")
_C = (_SLASHES_ON, _STARRED, _DOUBLE, _C_CHARACTER)
_RUST = (
    _SLASHES,
    _STARRED_DEEP,
    Rule(Does.CLOSED_BY, '"', r"(?<=[#r]\")", when=_raw_rust, closes=_hashes_before),
    _LONG_DOUBLE,
    _CHARACTER,
)
_SWIFT = (
    _SLASHES,
    _STARRED_DEEP,
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
_SWIFT_HOLE = Rule(Does.ENTER, "\\", r"\(", "parenthesised")
_CSHARP = (
    _SLASHES,
    _STARRED,
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
    _DOUBLE,
    _C_CHARACTER,
)
_KOTLIN = (
    _SLASHES,
    _STARRED_DEEP,
    Rule(Does.ENTER, '"', r'""', "long"),
    Rule(Does.ENTER, '"', r'(?<!\\")', "quoted"),
    _CHARACTER,
    Rule(Does.SKIP, "`", r"[^`\n]++`"),
)
_KOTLIN_HOLE = Rule(Does.ENTER, "$", r"\{", "braced")
_LUA = (
    Rule(
        Does.CLOSED_BY,
        "-",
        r"-\[(?P<level>=*)\[",
        mode="comment",
        closes=lambda match: "]" + match["level"] + "]",
    ),
    _DASHES,
    Rule(
        Does.CLOSED_BY, "[", r"(?P<level2>=*)\[", closes=lambda match: "]" + match["level2"] + "]"
    ),
    _DOUBLE,
    _SINGLE,
)
_HASKELL = (
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


_SHELL = (
    _HASH_APART,
    Rule(Does.SKIP, "'", r"[^']*+'"),
    Rule(Does.ENTER, '"', "", "quoted"),
    Rule(Does.SKIP, "$", r"'(?:[^'\\]++|\\[\s\S])*+'"),
    Rule(Does.SKIP, "$", r"#"),
    Rule(Does.ENTER, "$", r"\{", "expansion"),
    _ESCAPED,
    Rule(Does.SKIP, "<", r"<<"),
    Rule(
        Does.HEREDOC,
        "<",
        r"<(?P<dash>-?)[ \t]*(?P<word>\\?\w[\w.-]*|'[^'\n]+'|\"[^\"\n]+\")",
        mode="open",
        closes=_shell_word,
    ),
)
_SHELL_SUB = Rule(Does.ENTER, "$", r"\(", "parenthesised")
_SHELL_EXPANSION = Rule(Does.ENTER, "$", r"\{", "expansion")

_RUBY = (
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
_PHP = (
    Rule(Does.LINE, "/", r"/(?:[^\n?]++|\?(?!>))*+"),
    _STARRED,
    Rule(Does.LINE, "#", r"(?!\[)(?:[^\n?]++|\?(?!>))*+"),
    _LONG_DOUBLE,
    _LONG_SINGLE,
    Rule(
        Does.HEREDOC,
        "<",
        r"<<(?P<dash>)[ \t]*(?P<word>[A-Za-z_]\w*|'[^'\n]+'|\"[^\"\n]+\")",
        closes=_php_word,
    ),
    Rule(Does.SWITCH, "?", r">", "page"),
)
_PHP_PAGE = (Rule(Does.SWITCH, "<", r"\?(?:php\b|=)?", "code"), _MARKUP)


def _php_start(source: str) -> str:
    opens, closes = source.find("<?"), source.find("?>")
    return "page" if opens >= 0 and not 0 <= closes < opens else "code"


def _sql_comment(source: str, start: int) -> bool:
    return not source[line_start(source, start) : start].strip()


_SQL = (
    _DASHES,
    _STARRED,
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


_YAML = (
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


_TOML = (
    _HASH,
    _TRIPLE_DOUBLE,
    Rule(Does.SKIP, "'", r"''(?:[^']++|'(?!''))*+'{3,5}"),
    _DOUBLE,
    Rule(Does.SKIP, "'", r"[^'\n]*+'"),
)
_PYTHON = (
    _HASH,
    # Which of them is a doc string, and so a comment, is for the caller to say.
    Rule(Does.BLOCK, '"', r'""(?:[^"\\]++|\\[\s\S]|"(?!""))*+(?:"""|\Z)'),
    Rule(Does.BLOCK, "'", r"''(?:[^'\\]++|\\[\s\S]|'(?!''))*+(?:'''|\Z)"),
    _DOUBLE,
    _SINGLE,
)
_R = (
    _HASH,
    Rule(
        Does.CLOSED_BY,
        '"',
        r"(?<=[rR]\")(?P<dashes>-{0,16})(?P<bracket>[(\[{])",
        closes=lambda match: (
            {"(": ")", "[": "]", "{": "}"}[match["bracket"]] + match["dashes"] + '"'
        ),
    ),
    _LONG_DOUBLE,
    _LONG_SINGLE,
    Rule(Does.SKIP, "`", r"[^`\n]*+`"),
)
_CSS = (
    _STARRED,
    Rule(Does.SKIP, "u", r"rl\([ \t]*(?![\"'\s])[^)\n]*+\)?"),
    _DOUBLE,
    _SINGLE,
)
_JAVA = (_SLASHES, _STARRED, _TRIPLE_DOUBLE, _DOUBLE, _C_CHARACTER)
# Code of a language nobody named: marks that stand apart, so that addresses, colours, anchors
# and options are not taken for comments.
_GENERIC = (
    Rule(Does.LINE, "/", r"(?<![^\s;,{}()\[\]]/)/[^\n]*"),
    _STARRED,
    Rule(Does.LINE, "#", r"(?<![^\s;]#)(?=[\s#!])[^\n]*"),
    Rule(Does.LINE, "-", r"(?<![^\s;]-)-(?=[\s-])[^\n]*"),
    _MARKUP,
    _TRIPLE_DOUBLE,
    _DOUBLE,
    Rule(Does.SKIP, "'", r"(?<![\w\\]')(?:[^'\\\n]++|\\[^\n])*+'"),
    Rule(Does.SKIP, "`", r"[^`\n]*+`"),
)
_SEMICOLONS = (Rule(Does.LINE, ";", r"[^\n]*"), _LONG_DOUBLE, Rule(Does.SKIP, "\\", r"[\s\S]"))


@cache
def lexicon(language: str | None) -> Lexicon:
    """Give the lexicon of a language as `languages` names it; of any other, the generic one."""
    match language:
        case "python" | "starlark" | "nim" | "gdscript":
            return _lexicon(*_PYTHON)
        case "javascript" | "jsx" | "tsx":
            return _with_templates(
                _JSX, template=_JS_TEMPLATE, tag=_JSX_TAG, children=_JSX_CHILDREN
            )
        case "typescript":
            return _with_templates(_JS, template=_JS_TEMPLATE)
        case "go":
            return _lexicon(_SLASHES, _STARRED, _DOUBLE, _BACKTICK, _C_CHARACTER)
        case "c" | "objective-c" | "glsl" | "cuda":
            return _lexicon(*_C)
        case "cpp":
            return _lexicon(_CPP_RAW, *_C)
        case "rust":
            return _lexicon(*_RUST)
        case "zig":
            return _lexicon(Rule(Does.SKIP, "\\", r"\\[^\n]*"), _SLASHES, _DOUBLE, _C_CHARACTER)
        case "java" | "groovy" | "dart" | "d":
            single = (_SINGLE,) if language in ("groovy", "dart") else ()
            return _lexicon(*single, *_JAVA)
        case "scala":
            return _lexicon(_SLASHES, _STARRED_DEEP, _RAW_DOUBLE, _DOUBLE, _CHARACTER)
        case "csharp":
            return _with_templates(
                _CSHARP,
                quoted=(
                    Rule(Does.LEAVE, '"', ""),
                    _ESCAPED,
                    Rule(Does.SKIP, "{", r"\{"),
                    _OPEN_BRACE,
                ),
                verbatim=(
                    Rule(Does.SKIP, '"', r'"'),
                    Rule(Does.LEAVE, '"', ""),
                    Rule(Does.SKIP, "{", r"\{"),
                    _OPEN_BRACE,
                ),
            )
        case "kotlin":
            return _with_templates(
                _KOTLIN,
                quoted=(
                    Rule(Does.LEAVE, '"', ""),
                    Rule(Does.LEAVE, "\n", ""),
                    _ESCAPED,
                    _KOTLIN_HOLE,
                ),
                long=(Rule(Does.LEAVE, '"', r'"{2,}'), _KOTLIN_HOLE),
            )
        case "swift":
            parentheses = (Rule(Does.ENTER, "(", "", "parenthesised"), Rule(Does.LEAVE, ")", ""))
            return Lexicon(
                {
                    "code": Mode(_SWIFT),
                    "parenthesised": Mode((*_SWIFT, *parentheses)),
                    "quoted": Mode((Rule(Does.LEAVE, '"', ""), _SWIFT_HOLE, _ESCAPED)),
                    "long": Mode((Rule(Does.LEAVE, '"', r'""'), _SWIFT_HOLE, _ESCAPED)),
                }
            )
        case "ruby" | "crystal":
            return _with_templates(
                _RUBY,
                quoted=(
                    Rule(Does.LEAVE, '"', ""),
                    _ESCAPED,
                    Rule(Does.ENTER, "#", r"\{", "braced"),
                ),
            )
        case "php":
            return Lexicon({"code": Mode(_PHP), "page": Mode(_PHP_PAGE)}, _php_start)
        case "shell":
            parentheses = (Rule(Does.ENTER, "(", "", "parenthesised"), Rule(Does.LEAVE, ")", ""))
            inner = (*_SHELL, _SHELL_SUB)
            return Lexicon(
                {
                    "code": Mode(inner),
                    "parenthesised": Mode((*inner, *parentheses)),
                    "quoted": Mode(
                        (Rule(Does.LEAVE, '"', ""), _ESCAPED, _SHELL_SUB, _SHELL_EXPANSION)
                    ),
                    "expansion": Mode(
                        (
                            Rule(Does.LEAVE, "}", ""),
                            _ESCAPED,
                            Rule(Does.ENTER, '"', "", "quoted"),
                            Rule(Does.SKIP, "'", r"[^'\n]*+'"),
                            _SHELL_SUB,
                            _SHELL_EXPANSION,
                        )
                    ),
                }
            )
        case "sql":
            return _lexicon(*_SQL)
        case "html" | "xml" | "vue" | "svelte":
            values = (Rule(Does.SKIP, '"', r'[^"]*+"'), Rule(Does.SKIP, "'", r"[^']*+'"))
            tag = Mode((*values, Rule(Does.LEAVE, ">", "")))
            return Lexicon(
                {"code": Mode((_MARKUP, Rule(Does.ENTER, "<", r"[A-Za-z]", "tag"))), "tag": tag}
            )
        case "css":
            return _lexicon(*_CSS)
        case "scss" | "less":
            return _lexicon(Rule(Does.LINE, "/", r"(?<!:/)/[^\n]*"), *_CSS)
        case "yaml":
            return _lexicon(*_YAML)
        case "toml":
            return _lexicon(*_TOML)
        case "lua":
            return _lexicon(*_LUA)
        case "r":
            return _lexicon(*_R)
        case "haskell" | "elm" | "purescript":
            return _lexicon(*_HASKELL)
        case "perl" | "elixir" | "julia" | "powershell" | "makefile" | "dockerfile" | "cmake":
            return _lexicon(_HASH_APART, *_hash_strings(language))
        case "graphql" | "nix" | "awk" | "fish" | "tcl":
            return _lexicon(_HASH_APART, *_hash_strings(language))
        case "hcl":
            return _lexicon(_HASH_APART, _SLASHES, _STARRED, _DOUBLE)
        case "protobuf" | "solidity" | "jsonc" | "less" | "verilog":
            return _lexicon(_SLASHES, _STARRED, _DOUBLE, _SINGLE)
        case "lisp":
            return _lexicon(*_SEMICOLONS)
        case "ini":
            return _lexicon(
                Rule(Does.LINE, "#", r"(?<![^\n]#)[^\n]*"),
                Rule(Does.LINE, ";", r"(?<![^\n];)[^\n]*"),
            )
        case "tex" | "erlang" | "matlab" | "prolog":
            return _lexicon(Rule(Does.LINE, "%", r"(?<!\\%)[^\n]*"))
        case "ada" | "vhdl" | "applescript":
            return _lexicon(_DASHES, _DOUBLE)
        case "ocaml" | "fsharp" | "pascal":
            slashes = (_SLASHES,) if language != "ocaml" else ()
            deep = Rule(Does.NESTED, "(", r"\*(?!\))", pattern=re.compile(r"\(\*(?!\))|(\*\))"))
            return _lexicon(*slashes, deep, _LONG_DOUBLE)
        case "json" | "text" | "markdown" | "diff" | "log":
            return Lexicon({"code": Mode((Rule(Does.SKIP, "\0", ""),))})
    return _lexicon(*_GENERIC)


def _hash_strings(language: str) -> tuple[Rule, ...]:
    match language:
        case "elixir" | "julia" | "nix" | "graphql":
            return (_TRIPLE_DOUBLE, _DOUBLE)
        case "powershell":
            block = Rule(Does.BLOCK, "<", r"#(?:[^#]++|#(?!>))*+(?:#>|\Z)")
            return (block, Rule(Does.SKIP, '"', r'[^"\n]*+"'), Rule(Does.SKIP, "'", r"[^'\n]*+'"))
        case "makefile" | "dockerfile" | "cmake" | "tcl":
            return (_DOUBLE,)
    return (_DOUBLE, Rule(Does.SKIP, "'", r"(?<![\w\\]')(?:[^'\\\n]++|\\[^\n])*+'"))
