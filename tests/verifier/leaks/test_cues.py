"""Single cues: the words that make a move, and the same words that make none."""

from __future__ import annotations

import pytest

from braid_verifier.leaks.cues.move import Move
from braid_verifier.leaks.features import punctuation
from braid_verifier.leaks.moves import MODULES, moves


def made(text: str) -> set[Move]:
    return {each.move for each in moves(text) + punctuation(text)}


def test_no_cue_waits_for_a_letter_that_nobody_writes() -> None:
    for module in MODULES:
        for cue in module.CUES:
            assert cue.pattern.pattern.isprintable(), cue.id


def test_each_cue_has_a_name_of_its_own() -> None:
    names = [cue.id for module in MODULES for cue in module.CUES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("text", "move"),
    [
        ("We could return early.", Move.WE_COULD),
        ("I think that the cache is stale.", Move.UNSURE),
        ("I guess the other one.", Move.UNSURE),
        ("Then again the tests do the same.", Move.RETRACT),
        ("On the other hand the list is short.", Move.ALTERNATIVELY),
        ("No, 5 workers share the queue.", Move.NO),
        ("No it doesn't, strlen was used.", Move.NO),
        ("len + 1 then.", Move.SETTLED),
        ("A plain map it is.", Move.SETTLED),
        ("Keys are strings, so Map.", Move.SETTLED),
        ("Option 2.", Move.SETTLED),
        ("That must be the one that leaks.", Move.DEDUCED),
        ("Two versions, which explains the error.", Move.DEDUCED),
        ("I bet it is the cache.", Move.DEDUCED),
        ("The error says that it is a list.", Move.EVIDENCE),
        ("What's missing: the type.", Move.PLAN),
        ("Need to check whether it is sorted.", Move.PLAN),
        ("Should this be a list? The order matters.", Move.ASKED),
        ("Is the id a string here?\nThe docs say so.", Move.ASKED),
        ("The table needs 7 + 1 = 8 entries.", Move.ARITHMETIC),
        ("i = 2 -> the last one.", Move.ARITHMETIC),
        ("Three rows by two, so 6.", Move.ARITHMETIC),
        ("Alright, let's take it apart.", Move.PLAN),
        ("Three tries of two seconds, so 6 seconds.", Move.ARITHMETIC),
        ("Open or closed? Open for now, since it is only a limit.", Move.ANSWERED),
        ("Null or throw? Throwing tells the caller more.", Move.ANSWERED),
        ("Net or gross? Usually net.", Move.ANSWERED),
        ("The stream is sorted.\nActually sorted by day only.", Move.ACTUALLY),
        ("It ends here. Actually it goes on to the next page.", Move.ACTUALLY),
        ("Do we need the lock? It is only read here.", Move.DOUBT),
        ("It might be empty.", Move.HEDGE),
        ("Load it again if needed.", Move.HEDGE),
        ("Ideally the server says so.", Move.ASSUME),
        ("Here we assume that it is sorted.", Move.ASSUME),
        ("Take the first or just the last one.", Move.OR),
        ("Safest: ask again.", Move.BETTER),
        ("Better layout: two columns.", Move.BETTER),
        ("Let's start with a list.", Move.DECIDE),
        ("Fixed width for the MVP.", Move.FOR_NOW),
        ("The requirement says that it is logged.", Move.EVIDENCE),
        ("The prompt implies a list.", Move.EVIDENCE),
        ("The trace points to the pool.", Move.EVIDENCE),
        ("The test confirms that it is sorted.", Move.EVIDENCE),
        ("That must be the pool that leaks.", Move.DEDUCED),
        ("It must have crashed before.", Move.LOOKS_LIKE),
        ("Let's count again.", Move.RETRACT),
        ("Was it sent? No. The socket was closed.", Move.NO),
        ("Das dürfte es sein, und ich suche es nicht weiter.", Move.DEDUCED),
        ("El problema es el proxy, que no se cierra.", Move.DEDUCED),
        ("C'est sûrement le cache qui est plein.", Move.DEDUCED),
        ("Isso explica o erro que a gente viu na tela.", Move.DEDUCED),
        ("难怪测试会失败。", Move.DEDUCED),
        ("ということは、状態が残っている。", Move.DEDUCED),
    ],
)
def test_a_move_is_heard(text: str, move: Move) -> None:
    assert move in made(text)


@pytest.mark.parametrize(
    ("text", "move"),
    [
        ("It has been so since then.", Move.SETTLED),
        ("It was fixed by then.", Move.SETTLED),
        ("Leave it as it is.", Move.SETTLED),
        ("Tell me what it is.", Move.SETTLED),
        ("And so on and so forth.", Move.SETTLED),
        ("clntudp_create(raddr, program, wait, sockp)", Move.WAIT),
        ("Wait strategy that doesn't wait at all.", Move.WAIT),
        ("Why is it slow? Because of the lock.", Move.PLAN),
        ("Why not a set? The order matters.", Move.SETTLED),
        ("Who closes it? Whoever opened it.", Move.ASKED),
        ("Do you want the long form? Use -l.", Move.ASKED),
        ("Is it a link? If so, follow it.", Move.ASKED),
        ("Is it final?\n\nGives true where it is.", Move.ASKED),
        ("Goes from 1.0.0-1 -> 1.0.0 in one step.", Move.ARITHMETIC),
        ("Perfect! The file is there.", Move.INSIGHT),
        ("Oh well, the server is gone.", Move.INTERJECTION),
        ("I see there is a folder.", Move.INSIGHT),
        ("max(a, b) is a > b ? a : b", Move.QUESTION),
        ("Already seen, is it? ", Move.DOUBT),
        ("Too long a line? Then the next.", Move.DOUBT),
        ("Did it fail? The join will tell.", Move.DOUBT),
        ("It may be * or ? or +.", Move.QUESTION),
        ("Already sent? No need to do it again.", Move.ANSWERED),
        ("Not enough yet? Wait for the next.", Move.ANSWERED),
        ("Ask it, or just look it up.", Move.OR),
        ("Show the roots (by the tool too?)\n- and all leaves", Move.ASKED),
        ("first ?? second reads the first.", Move.QUESTION),
        ("Whether list.empty? or the flag is set.", Move.QUESTION),
        ("Stops if is_done? and not before.", Move.QUESTION),
        ("Of one character\n?   any of them, or none", Move.QUESTION),
        ("Q. Is it safe?\nA. The lock makes it so.", Move.ANSWERED),
        ("## Is it safe?\nThe lock makes it so.", Move.ASKED),
        ("Is it safe?\n----------\nThe lock makes it so.", Move.ANSWERED),
        ("Is it safe?\n\nThe lock makes it so.", Move.ANSWERED),
        ("* one file stays; does it?\n* The other goes; does it?", Move.ANSWERED),
        ("Octal numbers as 0o... or 0O... are read.", Move.TRAILING),
        ("Browse… opens the dialog.", Move.TRAILING),
        ("The body is empty (!) but has a name.", Move.BUT),
        ("A flag and what it points to.", Move.EVIDENCE),
        ("This test confirms that it is sorted.", Move.EVIDENCE),
        ("It must be the same as before.", Move.DEDUCED),
        ("It must be the first field.", Move.LOOKS_LIKE),
        ("All that matches with this flag.", Move.DEDUCED),
        ("Let's count the rest of the list.", Move.RETRACT),
        ("So let's make sure that it runs first.", Move.DECIDE),
        ("Let's be careful with the lock.", Move.DECIDE),
        ("The answer (or rather the fix) is a lock.", Move.RETRACT),
        ("Yes. The row was there.", Move.SETTLED),
        ("Yes. The row was there.", Move.INSIGHT),
        ("No. So take it from the heap.", Move.NO),
        ("wait so that it is done", Move.WAIT),
        ("We spawn and\nwait, which works everywhere.", Move.WAIT),
        ("Actually copies the fields of it.", Move.ACTUALLY),
        ("Any buffer will do. Actually accepts any size.", Move.ACTUALLY),
        ("Changes:\n- actually honour the limit", Move.ACTUALLY),
        ("If not one, then 2, else stop.", Move.ARITHMETIC),
        ("The field H is the hour (0 to 23), and hm is no field of this.", Move.ALTERNATIVELY),
    ],
)
def test_the_same_words_are_no_move_elsewhere(text: str, move: Move) -> None:
    assert move not in made(text)


def test_words_of_another_language_in_english_are_not_read_as_its_cues() -> None:
    text = "The format Hm, with no a or y in it, is for the hour and the minute of the day."
    assert not any(each.cue.startswith("es-") for each in moves(text))
