"""What the rules are to bring about, each asked of a whole file by another way than a rule would."""

from __future__ import annotations

from model.rules import File, Kind, Node


def broken(file: File) -> set[str]:
    """Name the promises of SPEC §4 and §11 that a file does not keep."""
    said = {
        "no cycle": _no_cycle(file),
        "no orphan": _no_orphan(file),
        "one beginning": len([node for node in file if not node.prev]) == 1,
        "each node once": len({node.name for node in file}) == len(file),
        "one end a call": _one_end(file),
        "no answer of nobody": _no_stray_answer(file),
        "a seal holds everything": _seal_holds(file),
    }
    return {name for name, kept in said.items() if not kept}


def _behind(start: Node, file: File) -> set[str]:
    """Follow every link back from a node; give all names that are met, its own if it is."""
    nodes = {node.name: node for node in file}
    met: set[str] = set()
    todo = list(start.prev)
    while todo:
        name = todo.pop()
        if name not in met:
            met.add(name)
            todo += nodes[name].prev if name in nodes else ()
    return met


def _no_cycle(file: File) -> bool:
    return all(node.name not in _behind(node, file) for node in file)


def _no_orphan(file: File) -> bool:
    names = {node.name for node in file}
    return all(names.issuperset(node.prev) for node in file)


def _calls_of(node: Node, file: File) -> set[str]:
    """Give the calls that an answer or end leads back to through answers alone."""
    nodes = {other.name: other for other in file}
    found: set[str] = set()
    met: set[str] = set()
    todo = list(node.prev if node.kind is Kind.END else node.prev[:1])
    while todo:
        name = todo.pop()
        other = nodes.get(name)
        if other is None or name in met:
            continue
        met.add(name)
        if other.kind is Kind.CALL:
            found.add(name)
        elif other.kind is Kind.ANSWER:
            todo += other.prev[:1]
    return found


def _one_end(file: File) -> bool:
    ended: list[str] = []
    for node in file:
        if node.kind is Kind.END:
            calls = _calls_of(node, file)
            if len(calls) != 1:
                return False
            ended += calls
    calls = {node.name for node in file if node.kind is Kind.CALL}
    every = any(node.kind is Kind.SEAL for node in file)
    return len(set(ended)) == len(ended) and (not every or set(ended) == calls)


def _no_stray_answer(file: File) -> bool:
    return all(_calls_of(node, file) for node in file if node.kind is Kind.ANSWER)


def _seal_holds(file: File) -> bool:
    """All that stands beside a seal must be behind it, and nothing after it."""
    seals = [node for node in file if node.kind is Kind.SEAL]
    names = {node.name for node in file}
    return not seals or (len(seals) == 1 and _behind(seals[0], file) == names - {seals[0].name})
