"""Vectors of §2.5 and §10.4: bytes that stop the reading."""

from __future__ import annotations

from vectors.formulas import encode
from vectors.table import unreadable
from vectors.weaver import Braid


def swap(b: Braid, old: bytes, new: bytes) -> bytes:
    """Replace bytes of the honest file, which must hold them."""
    raw = b.sign().write()
    if old not in raw:
        raise ValueError(f"the honest file does not hold {old!r}")
    return raw.replace(old, new, 1)


def with_proof(b: Braid, value: bytes) -> bytes:
    """Put a value where any JSON value may stand."""
    b.proofs = [{"type": "vectors.example/proof", "value": 0}]
    return swap(b, b'"value":0', b'"value":' + value)


def lines(b: Braid) -> list[bytes]:
    """The honest file as JSON Lines, without their line ends."""
    b.lines = True
    return b.sign().write().split(b"\n")[:-1]


@unreadable("§12", "10,001 entries that are no node.", "E_LIMIT")
def too_many_entries_that_are_no_node(b: Braid) -> bytes:
    return lines(b)[0] + b"\n" + b"0\n" * 10_001


# --- §2.5 strict JSON


@unreadable("§2.5", "A byte that is not UTF-8 inside a string.", "E_UTF8")
def invalid_utf8(b: Braid) -> bytes:
    return swap(b, b"Eight.", b"Eight\xff")


@unreadable("§2.5", "A surrogate encoded as if it were a character.", "E_UTF8")
def surrogate_in_utf8(b: Braid) -> bytes:
    return swap(b, b"Eight.", b"Eight\xed\xa0\xbd")


@unreadable("§2.5", "An overlong encoding of a character.", "E_UTF8")
def overlong_utf8(b: Braid) -> bytes:
    return swap(b, b"Eight.", b"Eight\xc0\xae")


@unreadable("§2.5", "A byte-order mark before the file.", "E_UTF8")
def byte_order_mark(b: Braid) -> bytes:
    return b"\xef\xbb\xbf" + b.sign().write()


@unreadable("§2.5", "A file in UTF-16.", "E_UTF8")
def utf16(b: Braid) -> bytes:
    return b.sign().write().decode().encode("utf-16")


@unreadable("§2.5", "A name stands twice in the transcript's object.", "E_DUPKEY")
def repeated_name_in_the_head(b: Braid) -> bytes:
    return swap(b, b'{"format"', b'{"format":"braid-transcript/1","format"')


@unreadable("§2.5", "A name stands twice in a node.", "E_DUPKEY")
def repeated_name_in_a_node(b: Braid) -> bytes:
    return swap(b, b'"text":"Eight."', b'"text":"Nine.","text":"Eight."')


@unreadable("§2.5", "One name in two spellings: an escape hides the repetition.", "E_DUPKEY")
def repeated_name_behind_an_escape(b: Braid) -> bytes:
    return swap(b, b'"text":"Eight."', b'"t\\u0065xt":"Nine.","text":"Eight."')


@unreadable("§2.5", "A name stands twice in the certificate.", "E_DUPKEY")
def repeated_name_in_the_certificate(b: Braid) -> bytes:
    return swap(b, b'"pop":', b'"pop":"","pop":')


@unreadable("§2.5", "A name stands twice deep in a proof.", "E_DUPKEY")
def repeated_name_in_a_proof(b: Braid) -> bytes:
    return with_proof(b, b'[{"a":1,"a":1}]')


@unreadable("§2.5", "The list of nodes stands twice.", "E_DUPKEY")
def repeated_nodes(b: Braid) -> bytes:
    return swap(b, b"\n]}\n", b'\n],"nodes":[]}\n')


@unreadable("§2.5", "NaN is not JSON.", "E_JSON")
def not_a_number(b: Braid) -> bytes:
    return with_proof(b, b"NaN")


@unreadable("§2.5", "Infinity is not JSON.", "E_JSON")
def infinity(b: Braid) -> bytes:
    return with_proof(b, b"-Infinity")


@unreadable("§2.5", "A number beyond a double.", "E_JSON")
def number_beyond_a_double(b: Braid) -> bytes:
    return with_proof(b, b"1e400")


@unreadable("§2.5", "An integer beyond a double.", "E_JSON")
def integer_beyond_a_double(b: Braid) -> bytes:
    return with_proof(b, b"9" * 309)


@unreadable("§2.5", "A number of 1,001 characters.", "E_JSON")
def number_of_1001_characters(b: Braid) -> bytes:
    return with_proof(b, b"0." + b"1" * 999)


@unreadable("§2.5", "A number with a leading zero.", "E_JSON")
def leading_zero(b: Braid) -> bytes:
    return with_proof(b, b"01")


@unreadable("§2.5", "A lone surrogate behind an escape.", "E_JSON")
def lone_surrogate(b: Braid) -> bytes:
    return swap(b, b"Eight.", b"Eight\\ud800")


@unreadable("§2.5", "A lone surrogate in a member name.", "E_JSON")
def lone_surrogate_in_a_name(b: Braid) -> bytes:
    return with_proof(b, b'{"\\udc00":1}')


@unreadable("§2.5", "A raw line end inside a string.", "E_JSON")
def control_character(b: Braid) -> bytes:
    return swap(b, b"Eight.", b"Eight\n")


@unreadable("§2.5", "An escape JSON does not know.", "E_JSON")
def unknown_escape(b: Braid) -> bytes:
    return swap(b, b"Eight.", b"Eight\\x2e")


@unreadable("§2.5", "A comma before a closing bracket.", "E_JSON")
def trailing_comma(b: Braid) -> bytes:
    return swap(b, b"\n]}\n", b",\n]}\n")


@unreadable("§2.5", "A comment.", "E_JSON")
def comment(b: Braid) -> bytes:
    return swap(b, b'"nodes":[', b'"nodes":[/* none */')


@unreadable("§2.5", "Something after the value.", "E_JSON")
def text_after_the_end(b: Braid) -> bytes:
    return b.sign().write() + b"{}"


@unreadable("§2.5", "A no-break space between tokens.", "E_JSON")
def foreign_white_space(b: Braid) -> bytes:
    return swap(b, b'"nodes":[', "\u00a0".encode() + b'"nodes":[')


@unreadable("§12", "33 arrays in one another, the transcript's own included.", "E_DEPTH")
def nested_33_deep(b: Braid) -> bytes:
    return with_proof(b, b"[" * 30 + b"]" * 30)


@unreadable("§12", "More open brackets than any stack holds.", "E_DEPTH")
def open_brackets(b: Braid) -> bytes:
    return b"[" * 20_000


# --- §10 what is no transcript, or ends too early


@unreadable("§10.4", "An empty file.", "E_EMPTY")
def empty_file(b: Braid) -> bytes:
    return b""


@unreadable("§10.4", "White space only.", "E_EMPTY")
def only_white_space(b: Braid) -> bytes:
    return b" \r\n\t\n"


@unreadable("§10.4", "A list of nodes with none in it.", "E_EMPTY")
def no_nodes(b: Braid) -> bytes:
    file = b.sign()
    file.nodes = []
    return file.write()


@unreadable("§10.4", "The member nodes is missing.", "E_EMPTY")
def nodes_missing(b: Braid) -> bytes:
    braid = encode(b.key.public).encode()
    return b'{"format":"braid-transcript/1",\n"braid":"' + braid + b'"}\n'


@unreadable("§10.4", "JSON Lines with the first line alone.", "E_EMPTY")
def json_lines_without_nodes(b: Braid) -> bytes:
    return lines(b)[0] + b"\n"


@unreadable("§2.5", "A byte that is not UTF-8 between tokens.", "E_UTF8")
def invalid_utf8_between_tokens(b: Braid) -> bytes:
    return swap(b, b'"nodes":[', b'\xa0"nodes":[')


@unreadable("§10.4", "Bytes that are no text at all.", "E_UTF8")
def binary_noise(b: Braid) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + bytes(range(256))


@unreadable("§10.4", "Words, not JSON.", "E_JSON")
def plain_words(b: Braid) -> bytes:
    return b"A transcript would begin with a bracket.\n"


@unreadable("§10.4", "JSON, but not an object.", "E_VERSION")
def top_level_list(b: Braid) -> bytes:
    return b"[]"


@unreadable("§10.4", "JSON, but not a transcript.", "E_VERSION")
def another_object(b: Braid) -> bytes:
    return b'{"messages":[{"role":"user","content":"hi"}]}'


@unreadable("§10.1", "Another version of the format.", "E_VERSION")
def another_version(b: Braid) -> bytes:
    return swap(b, b"braid-transcript/1", b"braid-transcript/2")


@unreadable("§10.1", "The format is a number.", "E_VERSION")
def format_as_a_number(b: Braid) -> bytes:
    return swap(b, b'"braid-transcript/1"', b"1")


@unreadable("§10.1", "The format stands after the nodes.", "E_VERSION")
def format_after_the_nodes(b: Braid) -> bytes:
    raw = swap(b, b'"format":"braid-transcript/1",', b"")
    return raw.replace(b"\n]}\n", b'\n],"format":"braid-transcript/1"}\n')


@unreadable("§10.4", "The file ends inside a node.", "E_JSON")
def cut_inside_a_node(b: Braid) -> bytes:
    return b.sign().write()[:-200]


@unreadable("§10.4", "Only the last bracket is missing.", "E_JSON")
def cut_before_the_last_bracket(b: Braid) -> bytes:
    return b.sign().write()[:-2]


@unreadable("§10.3", "JSON Lines whose last line has no line end.", "E_JSON")
def json_lines_last_line_end_missing(b: Braid) -> bytes:
    return b"\n".join(lines(b))


@unreadable("§10.3", "JSON Lines cut inside the last line.", "E_JSON")
def json_lines_cut(b: Braid) -> bytes:
    return b"\n".join(lines(b))[:-30]


@unreadable("§10.3", "JSON Lines with CR LF.", "E_JSON")
def json_lines_with_crlf(b: Braid) -> bytes:
    first, *rest = lines(b)
    return first + b"\n" + b"".join(line + b"\r\n" for line in rest)


@unreadable("§10.3", "A blank line in JSON Lines.", "E_JSON")
def json_lines_with_a_blank_line(b: Braid) -> bytes:
    first, *rest = lines(b)
    return b"\n".join([first, rest[0], b"", *rest[1:]]) + b"\n"


@unreadable("§10.3", "A space after the value of a line.", "E_JSON")
def json_lines_with_a_space_after_a_node(b: Braid) -> bytes:
    first, *rest = lines(b)
    return b"\n".join([first, rest[0] + b" ", *rest[1:]]) + b"\n"


@unreadable("§10.3", "A space before the first line.", "E_JSON")
def json_lines_with_a_space_at_the_start(b: Braid) -> bytes:
    return b" " + b"\n".join(lines(b)) + b"\n"


@unreadable("§10.3", "A line end inside a value of JSON Lines.", "E_JSON")
def json_lines_with_a_node_on_two_lines(b: Braid) -> bytes:
    return b"\n".join(lines(b)).replace(b',"salt"', b',\n"salt"', 1) + b"\n"


@unreadable("§10.3", "A carriage return inside a value of JSON Lines.", "E_JSON")
def json_lines_with_a_carriage_return_in_a_node(b: Braid) -> bytes:
    return (b"\n".join(lines(b)) + b"\n").replace(b',"salt"', b',\r"salt"', 1)


@unreadable("§10.3", "A carriage return inside the first line.", "E_JSON")
def json_lines_with_a_carriage_return_in_the_first_line(b: Braid) -> bytes:
    return (b"\n".join(lines(b)) + b"\n").replace(b',"braid"', b',\r"braid"', 1)


@unreadable("§10.3", "A node after the line of proofs.", "E_JSON")
def json_lines_node_after_proofs(b: Braid) -> bytes:
    *before, last = lines(b)
    return b"\n".join([*before, b'{"proofs":[]}', last]) + b"\n"


@unreadable("§2.5", "A name stands twice on the first line of JSON Lines.", "E_DUPKEY")
def json_lines_repeated_name_in_the_head(b: Braid) -> bytes:
    first, *rest = lines(b)
    again = first.replace(b'{"format"', b'{"format":"braid-transcript/1","format"')
    return b"\n".join([again, *rest]) + b"\n"


@unreadable("§2.5", "A name stands twice in a node of JSON Lines.", "E_DUPKEY")
def json_lines_repeated_name_in_a_node(b: Braid) -> bytes:
    raw = b"\n".join(lines(b)) + b"\n"
    return raw.replace(b'"text":"Eight."', b'"text":"Nine.","text":"Eight."')


@unreadable("§2.5", "The signature of a node stands twice, the good one last.", "E_DUPKEY")
def repeated_signature_in_a_node(b: Braid) -> bytes:
    return swap(b, b',"s":"', b',"s":"","s":"')


@unreadable("§2.5", "The header of a node stands twice, with the good one first.", "E_DUPKEY")
def repeated_header_in_a_node(b: Braid) -> bytes:
    return swap(b, b',"s":"', b',"h":"{}","s":"')


@unreadable("§2.5", "The certificate stands twice.", "E_DUPKEY")
def repeated_certificate(b: Braid) -> bytes:
    return swap(b, b'"certificate":', b'"certificate":{},"certificate":')


@unreadable("§2.5", "The braid key stands twice.", "E_DUPKEY")
def repeated_braid(b: Braid) -> bytes:
    return swap(b, b'"braid":"', b'"braid":"","braid":"')


@unreadable("§2.5", "A NUL between tokens.", "E_JSON")
def nul_between_tokens(b: Braid) -> bytes:
    return swap(b, b'"nodes":[', b'\x00"nodes":[')


@unreadable("§2.5", "The file stands twice, one after the other.", "E_JSON")
def two_transcripts(b: Braid) -> bytes:
    return b.sign().write() * 2


@unreadable("§2.5", "Strings in single quotes.", "E_JSON")
def single_quotes(b: Braid) -> bytes:
    return swap(b, b'"nodes"', b"'nodes'")


@unreadable("§2.5", "A surrogate pair the wrong way round.", "E_JSON")
def surrogates_reversed(b: Braid) -> bytes:
    return swap(b, b"Eight.", b"Eight\\ude00\\ud83d")


@unreadable("§2.5", "A byte-order mark between first line and nodes.", "E_JSON")
def json_lines_byte_order_mark_inside(b: Braid) -> bytes:
    first, *rest = lines(b)
    return first + b"\n\xef\xbb\xbf" + b"\n".join(rest) + b"\n"


@unreadable("§10.3", "JSON Lines cut after the line end of a node's first half.", "E_JSON")
def json_lines_cut_at_a_comma(b: Braid) -> bytes:
    *before, last = lines(b)
    return b"\n".join([*before, last[: last.index(b',"s"')]]) + b"\n"


@unreadable("§10.1", "nodes is an object: as no nodes.", "E_EMPTY")
def nodes_not_a_list(b: Braid) -> bytes:
    raw = b.sign().write()
    return raw[: raw.index(b'"nodes":[')] + b'"nodes":{}}\n'


@unreadable("§12", "32 objects in one another below the outermost.", "E_DEPTH")
def objects_nested_33_deep(b: Braid) -> bytes:
    return with_proof(b, b'{"a":' * 30 + b"1" + b"}" * 30)
