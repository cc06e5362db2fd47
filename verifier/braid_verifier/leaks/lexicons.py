"""The lexicons: for each language its modes, and the tokens of each, in their order."""

from __future__ import annotations

import re
from functools import cache

from braid_verifier.leaks import tokens
from braid_verifier.leaks.lexing import Does, Lexicon, Mode, Rule


def _lexicon(*rules: Rule) -> Lexicon:
    return Lexicon({"code": Mode(rules)})


def _with_templates(rules: tuple[Rule, ...], **modes: tuple[Rule, ...]) -> Lexicon:
    """Add the mode in which code between braces stands in a template."""
    made = {name: Mode(mode) for name, mode in modes.items()}
    made["code"] = Mode(rules)
    made["braced"] = Mode((*rules, tokens.OPEN_BRACE, tokens.CLOSE_BRACE))
    return Lexicon(made)


@cache
def lexicon(language: str | None) -> Lexicon:
    """Give the lexicon of a language as `languages` names it; of any other, the generic one."""
    match language:
        case "python" | "starlark" | "nim" | "gdscript":
            return _lexicon(*tokens.PYTHON)
        case "javascript" | "jsx" | "tsx":
            return _with_templates(
                tokens.JSX,
                template=tokens.JS_TEMPLATE,
                tag=tokens.JSX_TAG,
                children=tokens.JSX_CHILDREN,
            )
        case "typescript":
            return _with_templates(tokens.JS, template=tokens.JS_TEMPLATE)
        case "go":
            return _lexicon(
                tokens.SLASHES, tokens.STARRED, tokens.DOUBLE, tokens.BACKTICK, tokens.C_CHARACTER
            )
        case "c" | "objective-c" | "glsl" | "cuda":
            return _lexicon(*tokens.C)
        case "cpp":
            return _lexicon(tokens.CPP_RAW, *tokens.C)
        case "rust":
            return _lexicon(*tokens.RUST)
        case "zig":
            return _lexicon(
                Rule(Does.SKIP, "\\", r"\\[^\n]*"),
                tokens.SLASHES,
                tokens.DOUBLE,
                tokens.C_CHARACTER,
            )
        case "java" | "groovy" | "dart" | "d":
            single = (tokens.SINGLE,) if language in ("groovy", "dart") else ()
            return _lexicon(*single, *tokens.JAVA)
        case "scala":
            return _lexicon(
                tokens.SLASHES,
                tokens.STARRED_DEEP,
                tokens.RAW_DOUBLE,
                tokens.DOUBLE,
                tokens.CHARACTER,
            )
        case "csharp":
            return _with_templates(
                tokens.CSHARP,
                quoted=(
                    Rule(Does.LEAVE, '"', ""),
                    tokens.ESCAPED,
                    Rule(Does.SKIP, "{", r"\{"),
                    tokens.OPEN_BRACE,
                ),
                verbatim=(
                    Rule(Does.SKIP, '"', r'"'),
                    Rule(Does.LEAVE, '"', ""),
                    Rule(Does.SKIP, "{", r"\{"),
                    tokens.OPEN_BRACE,
                ),
            )
        case "kotlin":
            return _with_templates(
                tokens.KOTLIN,
                quoted=(
                    Rule(Does.LEAVE, '"', ""),
                    Rule(Does.LEAVE, "\n", ""),
                    tokens.ESCAPED,
                    tokens.KOTLIN_HOLE,
                ),
                long=(Rule(Does.LEAVE, '"', r'"{2,}'), tokens.KOTLIN_HOLE),
            )
        case "swift":
            parentheses = (Rule(Does.ENTER, "(", "", "parenthesised"), Rule(Does.LEAVE, ")", ""))
            return Lexicon(
                {
                    "code": Mode(tokens.SWIFT),
                    "parenthesised": Mode((*tokens.SWIFT, *parentheses)),
                    "quoted": Mode((Rule(Does.LEAVE, '"', ""), tokens.SWIFT_HOLE, tokens.ESCAPED)),
                    "long": Mode((Rule(Does.LEAVE, '"', r'""'), tokens.SWIFT_HOLE, tokens.ESCAPED)),
                }
            )
        case "ruby" | "crystal":
            return _with_templates(
                tokens.RUBY,
                quoted=(
                    Rule(Does.LEAVE, '"', ""),
                    tokens.ESCAPED,
                    Rule(Does.ENTER, "#", r"\{", "braced"),
                ),
            )
        case "php":
            return Lexicon(
                {"code": Mode(tokens.PHP), "page": Mode(tokens.PHP_PAGE)}, tokens.php_start
            )
        case "shell":
            parentheses = (Rule(Does.ENTER, "(", "", "parenthesised"), Rule(Does.LEAVE, ")", ""))
            inner = (*tokens.SHELL, tokens.SHELL_SUB)
            return Lexicon(
                {
                    "code": Mode(inner),
                    "parenthesised": Mode((*inner, *parentheses)),
                    "quoted": Mode(
                        (
                            Rule(Does.LEAVE, '"', ""),
                            tokens.ESCAPED,
                            tokens.SHELL_SUB,
                            tokens.SHELL_EXPANSION,
                        )
                    ),
                    "expansion": Mode(
                        (
                            Rule(Does.LEAVE, "}", ""),
                            tokens.ESCAPED,
                            Rule(Does.ENTER, '"', "", "quoted"),
                            Rule(Does.SKIP, "'", r"[^'\n]*+'"),
                            tokens.SHELL_SUB,
                            tokens.SHELL_EXPANSION,
                        )
                    ),
                }
            )
        case "sql":
            return _lexicon(*tokens.SQL)
        case "html" | "xml" | "vue" | "svelte":
            values = (Rule(Does.SKIP, '"', r'[^"]*+"'), Rule(Does.SKIP, "'", r"[^']*+'"))
            tag = Mode((*values, Rule(Does.LEAVE, ">", "")))
            return Lexicon(
                {
                    "code": Mode((tokens.MARKUP, Rule(Does.ENTER, "<", r"[A-Za-z]", "tag"))),
                    "tag": tag,
                }
            )
        case "css":
            return _lexicon(*tokens.CSS)
        case "scss" | "less":
            return _lexicon(Rule(Does.LINE, "/", r"(?<!:/)/[^\n]*"), *tokens.CSS)
        case "yaml":
            return _lexicon(*tokens.YAML)
        case "toml":
            return _lexicon(*tokens.TOML)
        case "lua":
            return _lexicon(*tokens.LUA)
        case "r":
            return _lexicon(*tokens.R)
        case "haskell" | "elm" | "purescript":
            return _lexicon(*tokens.HASKELL)
        case "perl" | "elixir" | "julia" | "powershell" | "makefile" | "dockerfile" | "cmake":
            return _lexicon(tokens.HASH_APART, *_hash_strings(language))
        case "graphql" | "nix" | "awk" | "fish" | "tcl":
            return _lexicon(tokens.HASH_APART, *_hash_strings(language))
        case "hcl":
            return _lexicon(tokens.HASH_APART, tokens.SLASHES, tokens.STARRED, tokens.DOUBLE)
        case "protobuf" | "solidity" | "jsonc" | "less" | "verilog":
            return _lexicon(tokens.SLASHES, tokens.STARRED, tokens.DOUBLE, tokens.SINGLE)
        case "lisp":
            return _lexicon(*tokens.SEMICOLONS)
        case "ini":
            return _lexicon(
                Rule(Does.LINE, "#", r"(?<![^\n]#)[^\n]*"),
                Rule(Does.LINE, ";", r"(?<![^\n];)[^\n]*"),
            )
        case "tex" | "erlang" | "matlab" | "prolog":
            return _lexicon(Rule(Does.LINE, "%", r"(?<!\\%)[^\n]*"))
        case "ada" | "vhdl" | "applescript":
            return _lexicon(tokens.DASHES, tokens.DOUBLE)
        case "ocaml" | "fsharp" | "pascal":
            slashes = (tokens.SLASHES,) if language != "ocaml" else ()
            deep = Rule(Does.NESTED, "(", r"\*(?!\))", pattern=re.compile(r"\(\*(?!\))|(\*\))"))
            return _lexicon(*slashes, deep, tokens.LONG_DOUBLE)
        case "json" | "text" | "markdown" | "diff" | "log":
            return Lexicon({"code": Mode((Rule(Does.SKIP, "\0", ""),))})
    return _lexicon(*tokens.GENERIC)


def _hash_strings(language: str) -> tuple[Rule, ...]:
    match language:
        case "elixir" | "julia" | "nix" | "graphql":
            return (tokens.TRIPLE_DOUBLE, tokens.DOUBLE)
        case "powershell":
            block = Rule(Does.BLOCK, "<", r"#(?:[^#]++|#(?!>))*+(?:#>|\Z)")
            return (block, Rule(Does.SKIP, '"', r'[^"\n]*+"'), Rule(Does.SKIP, "'", r"[^'\n]*+'"))
        case "makefile" | "dockerfile" | "cmake" | "tcl":
            return (tokens.DOUBLE,)
    return (tokens.DOUBLE, Rule(Does.SKIP, "'", r"(?<![\w\\]')(?:[^'\\\n]++|\\[^\n])*+'"))
