"""Comments of whole sources and of pieces of them; `test_oracle` compares whole files."""

from __future__ import annotations

import pytest

from braid_verifier.leaks.comments import comments


def texts(source: str, language: str | None) -> list[str]:
    return [passage.text for passage in comments(source, language)]


# Each source holds the words "no" in strings and their like, and "yes" in comments.
SOURCES: list[tuple[str | None, str]] = [
    ("python", "s = '# no'; t = \"# no\"  # yes a\nu = '''\n# no\n'''\n# yes b"),
    ("python", "r'\\' # no'; b\"# no\" # yes a\nf'{x} # no' # yes b"),
    ("javascript", "s = '// no'; t = `// no ${f('// no') /* yes a */} // no`; // yes b"),
    ("javascript", "if (/[/]'\"\\/\\/ no/.test(s)) {} // yes a\nx = a / b; // yes b\ny = 'a' / 2 // yes c"),
    ("javascript", "s = 'http://no'; u = \"it's // no\"; // yes it's"),
    ("javascript", "a = `${ `// no ${ {b: `// no`}.b }` }`; // yes"),
    ("tsx", "return <p className='a'>// no, don't {/* yes a */} http://no</p>; // yes b"),
    ("tsx", "const f = <T,>(x: T) => x < 3; // yes a\nconst g = () => <><b/> // no</>; // yes b"),
    ("typescript", "const f = <T>(x: T) => x as Array<T>; // yes\n/** yes b */"),
    ("typescript", "<p>it is at http://no/no</p>; // yes"),
    ("go", "s := `// no\n/* no */`; t := \"// no\"; r := '\"' // yes a\n/* yes b */"),
    ("rust", "let a: &'a str = r#\"// \"no\"#; // yes a\n/* yes /* b */ c */ let c = '\"'; /// yes d"),
    ("rust", "let s = \"// no\n // no\"; b\"// no\"; b'\"'; // yes"),
    ("c", "char *s = \"/* no */ \\\" // no\"; char q = '\"'; // yes a \\\n goes on\nint x; /* yes b */"),
    ("cpp", "auto s = R\"x(// no )\" // no)x\"; int n = 1'000'000; // yes a\n"),
    ("java", "String s = \"\"\"\n  // no \"no\" \\\"\"\" // no\n  \"\"\"; // yes a\nchar c = '\"'; // yes b"),
    ("csharp", "var a = @\"C:\\// no\"; var b = $\"{f(\"// no\")} // no\"; // yes a\nvar c = \"\"; // yes b"),
    ("csharp", "var a = \"\"\"\n // no \"\" no\n\"\"\"; var b = $@\"\"\"// no {x}\"; // yes"),
    ("kotlin", "val s = \"${f(\"// no\")} // no\"; val t = \"\"\" // no \"no\" \"\"\" // yes a\n/* yes /* b */ */"),
    ("swift", "let s = \"\\(f(\"// no\")) // no\"; let r = #\"// \" no\"#; // yes a\nlet m = \"\"\"\n// no\n\"\"\""),
    ("ruby", "s = \"#{f(\"# no\")} # no\" # yes a\nt = %q(# no (no)) # yes b\nu = /# no/ # yes c"),
    ("ruby", "x = <<~A + 'b' # yes a\n  # no\nA\n=begin\nyes b\n=end\ny = ?# # yes c"),
    ("php", "<p># no // no</p><?php $s = '# no'; $t = \"// no\"; // yes a ?> # no <?php # yes b\n#[No]\n"),
    ("php", "$s = <<<EOT\n# no\n// no\n  EOT; // yes a\n/* yes b */"),
    ("shell", "echo '# no' \"# no $(f \"# no\" # yes a\n)\" a#no ${x#no} $# # yes b"),
    ("shell", "cat <<EOF > f # yes a\n# no\nEOF\necho 'it'\\''s # no' # yes b"),
    ("sql", "SELECT '-- no', 'it''s -- no', \"-- no\" -- yes a\n/* yes b */, 'C:\\' -- yes c\n"),
    ("html", "<a href='<!-- no'>// no</a><!-- yes a --><script>x='// no' // yes b\n</script><style>/* yes c */</style>"),
    ("css", "a { content: '/* no */'; background: url(http://no/*no) } /* yes a */"),
    ("scss", "a { b: url(//no) } // yes a\n/* yes b */"),
    ("yaml", "a: 'x # no' # yes a\nb: c#no\nd: |\n  # no\ne: \"# no\" # yes b\nf: >-\n  # no\n\n  # no\ng: 1 # yes c"),
    ("yaml", "- name: x\n  run: |\n    echo '# no' # yes a\n    # yes b\n"),
    ("toml", "a = '# no' # yes a\nb = '''\n# no\n''' # yes b\nc = \"# no\""),
    ("lua", "s = [[ -- no ]] --[==[ yes a ]] b ]==] t = '-- no' -- yes c"),
    ("r", "s <- '# no'; t <- r\"(# no \" )\" # yes a"),
    ("haskell", "s = \"-- no\"; x' = 'a'; y --> z; {- yes {- a -} b -} c = '\"' -- yes d"),
    (None, "x = '# no' # yes a\ny // yes b\nz -- yes c\n/* yes d */ http://no #no --no"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "source"), SOURCES)
def test_strings_are_never_comments(language: str | None, source: str) -> None:
    found = texts(source, language)
    assert len(found) == source.count("yes")
    assert all(text.startswith("yes") for text in found)
    assert "no" not in "".join(found)


@pytest.mark.parametrize(("language", "source"), SOURCES)
def test_a_source_cut_anywhere_is_read_without_fault(language: str | None, source: str) -> None:
    for at in range(len(source)):
        for piece in (source[:at], source[at:]):
            for passage in comments(piece, language):
                for start, letter in enumerate(passage.text):
                    if letter.isalnum():
                        assert slice(*passage.source_span(start, start + 1)) is not None
                        opens, closes = passage.source_span(start, start + 1)
                        assert piece[opens:closes] == letter


@pytest.mark.parametrize(
    ("language", "piece", "expected"),
    [
        ("c", " * of a comment\n * cut off\n */\nint x; // end", ["of a comment\ncut off", "end"]),
        ("java", "the end of it */\nint x;", []),
        ("java", "   * only\n   * stars", ["only\nstars"]),
        ("typescript", "x; /* begins\n * here and", ["begins\nhere and"]),
        ("python", "end of a doc string.\n    \"\"\"\n    x = 1  # yes", ["end of a doc string.", "yes"]),
        ("python", "def f():\n    \"\"\"A doc string that is cut\n    # here", ["A doc string that is cut\n# here"]),
        ("python", "x = '''a # b\nc # d\n", []),
        ("javascript", "text of a template`;\nf(); // yes", ["yes"]),
        ("javascript", "f(`text of a template\n", []),
        ("tsx", "<div>\n  <p>it's\n  {/* yes */}\n", ["yes"]),
        ("shell", "it's a line # yes\nls # yes b", ["yes", "yes b"]),
        ("rust", "fn f<'a>(x: &'a str) // yes", ["yes"]),
        ("sql", "isn't -- yes", ["yes"]),
    ],
)  # fmt: skip
def test_a_piece_of_a_source_shows_its_comments(
    language: str, piece: str, expected: list[str]
) -> None:
    assert texts(piece, language) == expected


def test_lines_under_one_another_are_one_passage() -> None:
    source = "# one\n# two\n\n# three\nx = 1  # four\n       # five\n# six\n"
    assert texts(source, "python") == ["one\ntwo", "three", "four\nfive", "six"]


def test_markers_are_removed_and_margins_with_them() -> None:
    source = "/**\r\n * First.\r\n *   - item\r\n *\r\n * @x last\r\n */\r\n//! Rust\n/// too\n"
    assert texts(source, "rust") == ["First.\n  - item\n\n@x last", "Rust\ntoo"]


def test_rules_and_ornaments_are_no_passages() -> None:
    assert texts("# -----\n# ====\n//\n/***/\n#!\n", None) == []


def test_a_doc_string_is_a_comment_and_another_string_is_none() -> None:
    source = (
        '#!/bin/sh\n# licence\n\n"""Of the module."""\nX = """no"""\n'
        'class A:\n    # why\n    r"""Of a class."""\n'
        "    def f(\n        self,\n    ) -> int:\n        '''Of a function.'''\n"
        '        f(\n            """no""",\n        )\n        return {\n"a":\n"""no"""}\n'
    )
    found = [text for text in texts(source, "python") if "\n" not in text]
    assert [text for text in found if text.startswith("Of")] == [
        "Of the module.",
        "Of a class.",
        "Of a function.",
    ]
    assert "no" not in found


def test_what_is_quoted_is_set_apart() -> None:
    (passage,) = comments('# It says "wait, no" and `let me`, it\'s 3" by 4"\n', "python")
    assert passage.text == 'It says \x1a and \x1a, it\'s 3" by 4"'
    at = passage.text.index("\x1a")
    assert passage.source_span(at, at + 1) == (10, 20)
