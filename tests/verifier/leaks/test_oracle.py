"""The scanner of comments against tree-sitter: the same comments on whole sources.

Only sources that the parser reads without a fault are compared: on broken ones it is the worse
of the two. R has no grammar in the package index; its sources are in `test_comments`.
"""

from __future__ import annotations

import importlib
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tree_sitter import Language, Parser

from braid_verifier.leaks.lexicons import lexicon

GRAMMARS = {
    "python": ("python", "language"),
    "javascript": ("javascript", "language"),
    "typescript": ("typescript", "language_typescript"),
    "tsx": ("typescript", "language_tsx"),
    "go": ("go", "language"),
    "rust": ("rust", "language"),
    "c": ("c", "language"),
    "cpp": ("cpp", "language"),
    "java": ("java", "language"),
    "csharp": ("c_sharp", "language"),
    "kotlin": ("kotlin", "language"),
    "swift": ("swift", "language"),
    "ruby": ("ruby", "language"),
    "php": ("php", "language_php"),
    "shell": ("bash", "language"),
    "sql": ("sql", "language"),
    "html": ("html", "language"),
    "css": ("css", "language"),
    "yaml": ("yaml", "language"),
    "toml": ("toml", "language"),
    "lua": ("lua", "language"),
    "haskell": ("haskell", "language"),
}
# Each is whole by itself and may stand beside any other of its language, in any order.
SNIPPETS: dict[str, list[str]] = {
    "python": [
        "x = '# no' # yes\n", 'y = """\n# no\n""" # yes\n', "z = f'{x!r} # no'\n", "# yes 'it''s\n",
        "w = r'\\\\' # yes\n", "def f():\n    '''No # no'''\n    return '\\'# no' # yes\n",
        "v = b\"# no\" '# no' \"\\\"# no\" # yes\n", "u = ''''# no''' # yes\n",
    ],
    "javascript": [
        "x = '// no'; // yes\n", "y = `// no ${f(`/* no */`) /* yes */} // no`;\n", "z = /\\/\\/ [/\"'] no/g; // yes\n",
        "w = a / b / c; // yes\n", "if (/'/.test(s)) { t(); } /* yes\n yes */\n", "return_(x) / 2; // yes '\n",
        "v = { a: `}`, b: '}' }; // yes\n", "u = [/[`]/, /`/]; // yes\n", "t = x++ / 2; // yes '\n", "/** yes */\n",
        "s = <p a='// no' b={/* yes */ 1}>// no, it's {/* yes */} <b/> `</p>; // yes\n",
    ],
    "typescript": [
        "const x: string = '// no'; // yes\n", "type A<T> = T extends `a${infer B}` ? B : '// no'; // yes\n",
        "let y = <T,>(a: T) => a; // yes\n", "enum E { A = '/* no */' } /* yes */\n", "const z = a! / b!; // yes '\n",
    ],
    "tsx": [
        "const x = <A b='// no'>// no, don't <C d={`}`}/> {/* yes */}</A>; // yes\n",
        "const y = a < b; // yes\n", "const z = () => <>// no</>; // yes\n", "const f = <T,>(a: T) => a; // yes\n",
        "const w = c ? <i>it's</i> : <b>`</b>; // yes\n",
    ],
    "go": [
        "var x = \"// no\" // yes\n", "var y = `// no\n/* no */` /* yes */\n", "var z = '\"' // yes\n",
        "var w = '\\'' // yes\n", "/* yes\n // yes */\n", "var v = \"\\\"// no\" // yes '\n",
    ],
    "rust": [
        "const A: &str = \"// no\n // no\"; // yes\n", "const B: &str = r#\"// \"no\"#; /* yes /* yes */ yes */\n",
        "const C: char = '\"'; // yes\n", "fn f<'a>(x: &'a str) -> &'a str { x } // yes '\n", "/// yes\nstruct D;\n",
        "const E: &[u8] = br##\"// \"# no\"##; // yes\n", "const F: u8 = b'\\''; // yes\n", "const G: char = '\\u{1F600}'; // yes\n",
    ],
    "c": [
        "char *a = \"// no /* no */\"; // yes\n", "char b = '\"'; /* yes */\n", "char c = '\\''; // yes\n",
        "char *d = \"\\\"// no\"; // yes \\\n yes\n", "/* yes * / * yes **/\n", "char *e = \"a\\\n// no\"; // yes\n",
    ],
    "cpp": [
        "auto a = R\"(// no \")\"; // yes\n", "auto b = R\"xy(// no )\" )xy\"; /* yes */\n", "int c = 1'000'000; // yes '\n",
        "char d = '\"'; // yes\n", "auto e = u8\"// no\"; // yes\n",
    ],
    "java": [
        "class A { String a = \"// no\"; } // yes\n", "class B { char b = '\"'; } /* yes */\n", "/** yes */ class C { }\n",
        "class D { String d = \"\"\"\n // no\n /* no */\"\"\"; } // yes\n", "class E { char e = '\\u0022'; } // yes\n",
    ],
    "csharp": [
        "class A { string a = \"// no\"; } // yes\n", "class B { string b = @\"C:\\\"; string c = @\"\"\"// no\"\"\"; } // yes\n",
        "class C { string d = $\"{F(\"// no\")} // no {{\"; } /* yes */\n", "class D { char e = '\"'; string f = \"\"; } // yes\n",
        "class E { string g = \"\"\"\n // no \"\" no\n \"\"\"; } /// yes\n", "class F { string h = $@\"\"\"// no {1}\"; } // yes\n",
    ],
    "kotlin": [
        "val a = \"// no\" // yes\n", "val b = \"${f(\"// no\")} // no\" /* yes /* yes */ yes */\n",
        "val c = \"\"\"// no \"no\" ${d} // no\"\"\" // yes\n", "val e = '\"' // yes\n", "val f = '\\'' // yes\n",
    ],
    "swift": [
        "let a = \"// no\" // yes\n", "let b = \"\\(f(\"// no\")) // no\" /* yes /* yes */ yes */\n",
        "let c = #\"// \" no\"# // yes\n", "let d = \"\"\"\n// no \"no\"\n\"\"\" // yes\n",
    ],
    "ruby": [
        "a = '# no' # yes\n", "b = \"#{f(\"# no\")} # no\" # yes\n", "c = %q(# no (# no)) # yes\n", "d = /# no['\"]/ # yes\n",
        "e = <<~X # yes\n  # no\nX\n", "=begin\nyes\n=end\n", "f = g / 2 # yes '\n", "h = %w[# no] # yes\n",
        "i = [<<-A, <<'B'] # yes\n  # no\n  A\n# no\nB\n", "j = :'# no' # yes\n",
    ],
    "php": [
        "<?php $a = '# no // no'; // yes\n?>\n", "<?php ?><p># no // no it's</p>\n", "<?php $b = \"# no\"; # yes ?> # no\n",
        "<?php $c = <<<X\n# no\nX; /* yes */ ?>\n", "<?php #[A]\nfunction f() { return '\\'// no'; } // yes\n?>\n",
    ],
    "shell": [
        "a='# no' # yes\n", "b=\"# no $(f '# no' # yes\n)\" # yes\n", "c=${a#x} # yes\n", "d=a#no # yes\n", "e=$'\\'# no' # yes\n",
        "cat <<X # yes\n# no 'it\nX\n", "cat <<'X' | f # yes\n# no\nX\n", "if [ $# -gt 1 ]; then f; fi # yes '\n",
        "cat <<-X\n\t# no\n\tX\n", "f \\# no # yes\n", "g <<< '# no' # yes\n",
    ],
    "sql": [
        "SELECT '-- no'; -- yes\n", "SELECT 'it''s -- no'; /* yes */\n", "SELECT \"a -- no\" FROM t; -- yes '\n", "-- yes\n",
    ],
    "html": [
        "<p title='a > b'>it's // no</p>\n", "<!-- yes -->\n", "<!-- yes\n -- yes -->\n",
    ],
    "css": [
        "a { content: '/* no */'; } /* yes */\n", "b { background: url(http://no/x.png); } /* yes ' */\n", "/* yes **/\n",
    ],
    "yaml": [
        "a{}: 'x # no' # yes\n", "b{}: c#no # yes\n", "d{}: \"# no\" # yes\n", "e{}: |\n  # no\n  # no\n", "f{}: >-\n  # no\n\n  # no\n",
        "g{}:\n  - h: |\n      # no\n    i: 1 # yes\n", "# yes 'it\n", "j{}: it's # yes\n",
    ],
    "toml": [
        "a{} = '# no' # yes\n", "b{} = \"\\\"# no\" # yes\n", "c{} = '''\n# no 'no' # no\n''' # yes\n",
        "d{} = \"\"\"\n# no \"no\" \\\" # no\n\"\"\" # yes\n", "# yes 'it\n",
    ],
    "lua": [
        "a = '-- no' -- yes\n", "b = [[ -- no\n ' ]] -- yes\n", "c = [==[ -- no ]] ]==] --[[ yes\n -- yes ]]\n",
        "--[==[ yes ]] yes ]==]\n", "d = \"\\\"-- no\" -- yes '\n",
    ],
    "haskell": [
        "a{} = \"-- no\" -- yes\n", "b{} = '\"' -- yes\n", "c{} = x' {- yes {- yes -} yes -}\n", "d{} = y --> z\n", "-- yes 'it\n",
        "e{} = \"\\\"-- no\" ---- yes\n",
    ],
}  # fmt: skip


@cache
def parser(language: str) -> Parser:
    module, name = GRAMMARS[language]
    grammar = importlib.import_module(f"tree_sitter_{module}")
    return Parser(Language(getattr(grammar, name)()))


def by_tree(language: str, source: bytes) -> set[tuple[int, int]] | None:
    """Give the comments a parser finds, in bytes; None where it finds a fault."""
    root = parser(language).parse(source).root_node
    if root.has_error:
        return None
    found: set[tuple[int, int]] = set()
    nodes = [root]
    while nodes:
        node = nodes.pop()
        if node.is_named and ("comment" in node.type or node.type in ("haddock", "marginalia")):
            found.add((node.start_byte, node.end_byte))
        else:
            nodes += node.children
    return found


def by_scanner(language: str, source: str) -> Iterator[tuple[int, int]]:
    # A scanner's offsets are characters: all of a source that is compared is made of bytes.
    for comment in lexicon(language).comments(source):
        if language == "python" and source[comment.start] in "'\"":
            continue  # a string of three quotes: whether it is a doc string is not said here
        yield comment.start, comment.end


def letters(source: bytes, spans: set[tuple[int, int]]) -> set[int]:
    """Give the places of what is seen: where a newline belongs is a matter of taste."""
    return {at for opens, closes in spans for at in range(opens, closes) if source[at] > 32}


def compare(language: str, source: bytes) -> bool:
    expected = by_tree(language, source)
    if expected is None:
        return False
    found = set(by_scanner(language, source.decode("latin-1")))
    assert letters(source, found) == letters(source, expected)
    return True


@pytest.mark.parametrize("language", SNIPPETS)
def test_each_snippet_alone_is_read_as_the_parser_reads_it(language: str) -> None:
    read = sum(
        compare(
            language, snippet.replace("{}", "").encode() if "{}" in snippet else snippet.encode()
        )
        for snippet in SNIPPETS[language]
    )
    assert read >= len(SNIPPETS[language]) * 3 // 4


@pytest.mark.parametrize("language", SNIPPETS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_snippets_together_are_read_as_the_parser_reads_them(
    language: str, data: st.DataObject
) -> None:
    chosen = data.draw(st.lists(st.sampled_from(SNIPPETS[language]), min_size=1, max_size=12))
    source = "".join(each.replace("{}", str(n), 1) for n, each in enumerate(chosen))
    compare(language, source.encode())


LIBRARY = sorted(Path(sysconfig.get_path("stdlib")).glob("[a-l]*.py"))[::3]


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.name)
def test_the_library_of_python_is_read_as_the_parser_reads_it(path: Path) -> None:
    assert compare("python", path.read_bytes())


OURS = [
    (language, path)
    for language, pattern in (
        ("shell", "scripts/*"), ("toml", "*.toml"), ("python", "verifier/**/*.py"),
        ("javascript", "**/*.mjs"), ("javascript", "**/*.js"),
    )
    for path in sorted(Path(__file__).parents[3].glob(pattern))
    if path.is_file() and not {"node_modules", ".venv"} & set(path.parts)
]  # fmt: skip


@pytest.mark.parametrize(("language", "path"), OURS, ids=lambda each: getattr(each, "name", each))
def test_our_own_sources_are_read_as_the_parser_reads_them(language: str, path: Path) -> None:
    compare(language, path.read_bytes())
