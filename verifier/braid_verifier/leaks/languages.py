"""Which language a text is in: by a path, by the name in a fence, by an interpreter, by its look."""

from __future__ import annotations

import re

# A language, then the endings of its files; the first words of a fence are these and the names.
_ENDINGS = """
python py pyi pyw pyx pxd py3 sage ipython
starlark bzl bazel star
javascript js mjs cjs es6 node
jsx jsx
typescript ts mts cts deno
tsx tsx
go go golang
rust rs
c c
cpp cpp cc cxx hpp hh hxx h ino c++ ipp tpp
cuda cu cuh
objective-c m mm objc objectivec
java java
csharp cs csx c#
kotlin kt kts
swift swift
ruby rb rake gemspec podspec ru
crystal cr
php php phtml php5 inc
shell sh bash zsh ksh ash bats dash shellscript
fish fish
powershell ps1 psm1 psd1 pwsh
sql sql ddl dml psql pgsql plsql mysql sqlite postgresql tsql
html html htm xhtml
vue vue
svelte svelte
xml xml xsd xsl xslt svg plist xaml
css css
scss scss sass
less less
yaml yaml yml
toml toml
lua lua
r r rscript
haskell hs lhs
elm elm
purescript purs
perl pl pm
elixir ex exs
julia jl
makefile mk mak make
dockerfile dockerfile containerfile
cmake cmake
graphql graphql gql
nix nix
awk awk
tcl tcl
hcl tf tfvars hcl terraform
protobuf proto
solidity sol
verilog v sv
jsonc jsonc json5
json json jsonl ndjson webmanifest
ipynb ipynb
lisp lisp el clj cljs cljc edn scm rkt clojure scheme elisp racket emacs-lisp
ini ini cfg conf properties editorconfig gitignore dockerignore
tex tex sty cls latex
erlang erl hrl
prolog pro
ada ada adb ads
vhdl vhd vhdl
applescript applescript
ocaml ml mli
fsharp fs fsi fsx f#
pascal pas pp
scala scala sc sbt
groovy groovy gradle jenkinsfile
dart dart
zig zig
nim nim
gdscript gd
glsl glsl vert frag wgsl hlsl
diff diff patch
markdown md markdown mdx mdc rst adoc
text txt text plaintext plain csv tsv log console output terminal stdout none
"""
_BY_ENDING: dict[str, str] = {}
_NAMES: set[str] = set()
for _line in _ENDINGS.split("\n"):
    _name, *_endings = _line.split() or [""]
    _NAMES.add(_name)
    for _ending in _endings:
        _BY_ENDING.setdefault(_ending, _name)
_NAMES.discard("")
# Interactive sessions hold output, and what follows a prompt is rarely a thought.
_BY_NAME = _BY_ENDING | {name: name for name in _NAMES} | {"shell-session": "text"}
_BY_FILE = {
    "makefile": "makefile",
    "gnumakefile": "makefile",
    "dockerfile": "dockerfile",
    "containerfile": "dockerfile",
    "rakefile": "ruby",
    "gemfile": "ruby",
    "podfile": "ruby",
    "vagrantfile": "ruby",
    "jenkinsfile": "groovy",
    "cmakelists.txt": "cmake",
    "requirements.txt": "ini",
    "build": "starlark",
    "workspace": "starlark",
    "justfile": "shell",
    ".bashrc": "shell",
    ".bash_profile": "shell",
    ".zshrc": "shell",
    ".profile": "shell",
    ".env": "shell",
    ".gitignore": "ini",
    "go.mod": "go",
    "tsconfig.json": "jsonc",
}
_INTERPRETERS = re.compile(
    r"(?:^|[\s/;&|(`])(?P<word>python|pypy|ipython|uv|node|nodejs|deno|bun|tsx|ts-node|ruby|irb|perl|"
    r"php|Rscript|lua|luajit|ghci|runghc|bash|sh|zsh|dash|ksh|psql|mysql|sqlite3|duckdb|clickhouse-client)"
    r"(?:[\d.]*)(?=\s|$)"
)
_INTERPRETED = {
    "python": "python",
    "pypy": "python",
    "ipython": "python",
    "uv": "python",
    "node": "javascript",
    "nodejs": "javascript",
    "deno": "typescript",
    "bun": "typescript",
    "tsx": "typescript",
    "ts-node": "typescript",
    "ruby": "ruby",
    "irb": "ruby",
    "perl": "perl",
    "php": "php",
    "Rscript": "r",
    "lua": "lua",
    "luajit": "lua",
    "ghci": "haskell",
    "runghc": "haskell",
    "psql": "sql",
    "mysql": "sql",
    "sqlite3": "sql",
    "duckdb": "sql",
    "clickhouse-client": "sql",
}
_HEAD = 4096
_LOOKS = (
    (re.compile(r"^[ \t]*<(?:!DOCTYPE|html|div|head|body|template)\b", re.IGNORECASE | re.MULTILINE), "html"),
    (re.compile(r"^[ \t]*<\?php", re.MULTILINE), "php"),
    (re.compile(r"^(?:diff --git |--- \S.*\n\+\+\+ |\*\*\* Begin Patch)", re.MULTILINE), "diff"),
    (re.compile(r"^package [\w.]+;|^[ \t]*public (?:final |static )*(?:class|interface)\b", re.MULTILINE), "java"),
    (re.compile(r"^package \w+$|^[ \t]*func (?:\(|\w+\()", re.MULTILINE), "go"),
    (re.compile(r"^[ \t]*#[ \t]*include[ \t]*[<\"]", re.MULTILINE), "cpp"),
    (re.compile(r"^[ \t]*(?:pub )?(?:fn|impl|mod|use) [\w:<{]", re.MULTILINE), "rust"),
    (
        re.compile(
            r"^[ \t]*(?:(?:async )?def \w+\(.*:|class \w+.*:|from [\w.]+ import |import [\w.]+(?: as \w+)?$|"
            r"(?:if|for|while|with|elif) .*:$|print\()",
            re.MULTILINE,
        ),
        "python",
    ),
    (
        re.compile(
            r"^[ \t]*(?:export |import .* from |const \w|let \w|var \w|function\b|(?:async )?\([^)\n]*\) =>|"
            r"console\.|type \w+ =|interface \w)",
            re.MULTILINE,
        ),
        "tsx",
    ),
    (re.compile(r"^[ \t]*(?:select|insert into|update|create|alter|with|delete from)\b.*", re.IGNORECASE | re.MULTILINE), "sql"),
)  # fmt: skip


def language_of(path: str) -> str | None:
    """Name the language of a file by its path; None for an ending nobody uses for one."""
    name = path.strip().replace("\\", "/").rpartition("/")[2].lower()
    if (known := _BY_FILE.get(name)) is not None:
        return known
    stem, dot, ending = name.rpartition(".")
    if not dot:
        return None
    if ending in ("erb", "j2", "tmpl", "template", "dist", "example", "bak", "orig", "in"):
        return language_of(stem) or ("html" if ending == "erb" else None)
    if stem.startswith(("dockerfile", "makefile")):
        return stem.partition(".")[0]
    return _BY_ENDING.get(ending)


def language_named(name: str) -> str | None:
    """Give the language that a fence or a tool calls by this name."""
    return _BY_NAME.get(name.strip().lower())


def interpreted(command: str) -> str | None:
    """Name the language that the last interpreter of a command line reads; None for none."""
    found = None
    for match in _INTERPRETERS.finditer(command):
        found = match["word"]
    return _INTERPRETED.get(found, "shell") if found else None


def guessed(source: str) -> str | None:
    """Guess a language by the look of a source; None, the generic one, where it has none."""
    head = source[:_HEAD].lstrip()
    if head.startswith("#!"):
        return interpreted(head.split("\n", 1)[0].replace("env ", " "))
    for look, language in _LOOKS:
        if look.search(head):
            return language
    return None
