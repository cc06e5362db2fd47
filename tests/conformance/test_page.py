"""verify.html in a real Chromium: what it says of files, and that it never opens a connection."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
import runpy
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import braid_verifier
from braid_server.service import Settings, running
from conformance.browser import Page, chromium_command, opened
from vectors.tlog import LOG, SECOND, WITNESS

PAGE = Path(braid_verifier.__file__).parent / "js" / "verify.html"
REPOSITORY = Path(__file__).resolve().parents[2]
VECTORS = REPOSITORY / "tests" / "vectors"
INDEX: dict[str, Any] = json.loads((VECTORS / "index.json").read_text("utf-8"))
SOME = 50  # files at once, so that no wait is for all of them
SAID = "[...document.querySelectorAll('article')].map(a => [a.querySelector('h2').textContent, a.className])"


def test_the_page_is_what_the_script_builds() -> None:
    build = runpy.run_path(str(REPOSITORY / "scripts" / "page"))["build"]
    assert PAGE.read_text("utf-8") == build(), "run scripts/page"


def test_the_policy_allows_this_script_and_this_style_and_nothing_else() -> None:
    text = PAGE.read_text("utf-8")
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', text)
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives.keys() == {
        "default-src", "script-src", "style-src", "base-uri", "form-action",
    }  # fmt: skip
    for name, tag in {"script-src": "script", "style-src": "style"}.items():
        (inside,) = re.findall(rf"<{tag}\b[^>]*>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert directives.pop(name) == f"'sha256-{digest}'"
    assert set(directives.values()) == {"'none'"}
    assert not re.search(r"(?i)\b(?:src|href|action|import|fetch|XMLHttpRequest)\s*[=(]", text)


class Trap:
    """A listening socket that writes down who comes: the page's only way out, were there one."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.heard: list[str] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                try:
                    self.heard.append(connection.recv(4096).decode("latin-1"))
                except OSError:
                    self.heard.append("")

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def trap() -> Iterator[Trap]:
    made = Trap()
    yield made
    made.close()


async def judged(page: Page, *files: Path) -> list[list[str]]:
    before = await page.evaluate("document.querySelectorAll('article').length")
    await page.choose("#file", *files)
    await page.wait_for(f"document.querySelectorAll('article').length === {before + len(files)}")
    said: list[list[str]] = await page.evaluate(SAID)
    return said


async def start(
    page: Page,
    roots: str = "",
    statements: str = "",
    logs: str = "",
    witnesses: str = "",
    quorum: str = "1",
) -> None:
    await page.wait_for("document.documentElement?.dataset.ready === 'yes'")
    given = {"roots": roots, "statements": statements, "logs": logs, "witnesses": witnesses}
    for name, text in {**given, "quorum": quorum}.items():
        await page.evaluate(f"void (document.getElementById('{name}').value = {json.dumps(text)})")


def test_it_says_of_every_vector_what_the_vector_says() -> None:
    chromium_command()
    cases = {case["name"]: VECTORS / case["file"] for case in INDEX["vectors"]}
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}  # by what is given beside the file
    for case in INDEX["vectors"]:
        parties = ["\n".join(case.get(name, ())) for name in ("logs", "witnesses")]
        beside = (case.get("statements", ""), *parties, str(case.get("quorum", 1)))
        alike.setdefault(beside, []).append(case)

    async def run() -> None:
        async with opened(PAGE.as_uri()) as page:
            results: list[list[str]] = []
            for beside, group in alike.items():
                await start(page, INDEX["root"], *beside)
                for at in range(0, len(group), SOME):
                    some = [cases[case["name"]] for case in group[at : at + SOME]]
                    said = await judged(page, *some)
                results += [[cases[case["name"]].name, case["result"]] for case in group]
            assert said == results[::-1]
            await start(page, INDEX["root"], "not a statement")
            await page.choose("#file", cases["sealed"])
            await page.wait_for("document.body.innerText.includes('not checked: statements[0]')")
            text = await page.evaluate("document.body.innerText")
            assert "E_COMMIT" in text and "witnessed\tnot checked" in text
            await start(page, "")
            assert (await judged(page, cases["sealed"]))[0] == ["sealed.json", "unmet"]
            await page.evaluate("document.querySelector('input[value=anyone]').click()")
            assert (await judged(page, cases["sealed"]))[0] == ["sealed.json", "verified"]
            verdict = await page.evaluate("document.querySelector('.verdict').textContent")
            assert verdict.startswith("Intact, by a signer you do not know")
            await page.evaluate("document.querySelector('input[value=sealed]').click()")
            assert (await judged(page, cases["open-braid"]))[0] == ["open-braid.json", "unmet"]
            await start(page, "no key")
            await page.choose("#file", cases["sealed"])
            await page.wait_for("document.body.innerText.includes('not checked: roots: expected')")

    asyncio.run(run())


def test_it_asks_for_a_log_and_for_as_many_witnesses_as_are_wanted() -> None:
    chromium_command()
    file = VECTORS / "transcripts" / "witnessed-by-two.json"

    async def run() -> None:
        async with opened(PAGE.as_uri()) as page:
            await start(page, INDEX["root"])
            await page.evaluate("document.querySelector('input[value=witnessed]').click()")
            assert (await judged(page, file))[0] == [file.name, "unmet"]
            assert "not pinned: nobody's word" in await page.evaluate("document.body.innerText")
            await start(page, INDEX["root"], "", LOG.vkey, WITNESS.vkey)
            assert (await judged(page, file))[0] == [file.name, "verified"]
            text = await page.evaluate("document.querySelector('article').innerText")
            assert (
                "seal\tlog.example/braid\tentry 8 of 11\tpinned\twitness.example/one, not" in text
            )
            await page.evaluate("void (document.getElementById('quorum').value = 2)")
            await page.choose("#file", file)
            await page.wait_for("document.body.innerText.includes('not checked: quorum: expected')")
            await start(page, INDEX["root"], "", LOG.vkey, f"{WITNESS.vkey}\n{SECOND.vkey}")
            assert (await judged(page, file))[0] == [file.name, "verified"]
            await start(page, INDEX["root"], "", "no+key")
            await page.choose("#file", file)
            await page.wait_for("document.body.innerText.includes('not checked: logs: expected')")

    asyncio.run(run())


OUT = {"connect-src", "img-src", "script-src-elem", "frame-src", "form-action"}


def attempts(url: str) -> str:
    """Every way out that a page has, tried with an address; gives what the policy refused."""
    return f"""(async () => {{
        const url = '{url}';
        const refused = [];
        document.addEventListener('securitypolicyviolation', (e) => refused.push(e.effectiveDirective));
        await fetch(url).catch(() => {{}});
        new Image().src = url;
        navigator.sendBeacon(url, 'x');
        try {{ new WebSocket(url.replace('http', 'ws')); }} catch {{}}
        try {{ new EventSource(url); }} catch {{}}
        await import(url).catch(() => {{}});
        try {{ new Worker(url); }} catch {{}}
        for (const [tag, name] of [['script', 'src'], ['iframe', 'src'], ['link', 'href'], ['video', 'src'], ['object', 'data']]) {{
            const element = document.createElement(tag);
            if (tag === 'link') element.rel = 'stylesheet';
            element[name] = url;
            document.body.append(element);
        }}
        const form = document.createElement('form');
        form.action = url;
        document.body.append(form);
        form.submit();
        // The violations are told one after the other, the form's last, whenever that is.
        const wanted = {sorted(OUT)};
        for (let n = 0; n < 600 && !wanted.every((each) => refused.includes(each)); n++)
            await new Promise((done) => setTimeout(done, 50));
        return [...new Set(refused)].sort();
    }})()"""


async def dropped(page: Page) -> None:
    """Drop a file, and see that it is checked."""
    await start(page, INDEX["root"])
    sealed = VECTORS / "transcripts" / "sealed.json"
    data = {"items": [], "files": [str(sealed)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        await page.call("Input.dispatchDragEvent", type=kind, x=200, y=400, data=data)
    await page.wait_for("document.querySelector('article') !== null")
    assert await page.evaluate(SAID) == [["sealed.json", "verified"]]


def test_a_file_that_is_dropped_is_checked_and_never_leaves_the_page(trap: Trap) -> None:
    chromium_command()

    async def run() -> tuple[list[str], list[str]]:
        proxy = f"--proxy-server=http://127.0.0.1:{trap.port}"
        async with opened(PAGE.as_uri(), proxy, "--proxy-bypass-list=<-loopback>") as page:
            await dropped(page)
            requested = page.requested()
            refused = await page.evaluate(attempts(f"http://127.0.0.1:{trap.port}/canary"))
            assert await page.evaluate("location.protocol") == "file:"
            return requested, refused

    requested, refused = asyncio.run(run())
    assert set(requested) == {PAGE.as_uri()}
    assert OUT <= set(refused)
    assert [heard for heard in trap.heard if "canary" in heard] == []


def test_served_by_a_server_it_reaches_not_even_that(trap: Trap, tmp_path: Path) -> None:
    chromium_command()
    settings = Settings(
        str(tmp_path / "braid.db"),
        tmp_path / "root.key",
        tmp_path / "wrapping.key",
        upstream_anthropic=f"http://127.0.0.1:{trap.port}",
        port=0,
    )
    places: dict[str, list[str]] = {}

    async def run(url: str) -> list[str]:
        proxy = f"--proxy-server=http://127.0.0.1:{trap.port}"
        bypass = f"--proxy-bypass-list=<-loopback>;{url.removeprefix('http://')}"
        async with opened(f"{url}/braid/verify", proxy, bypass) as page:
            await dropped(page)
            requested = page.requested()
            # A path that the server would relay to the trap, and the trap itself.
            for place in (f"{url}/canary", f"http://127.0.0.1:{trap.port}/canary"):
                places[place] = await page.evaluate(attempts(place))
            assert await page.evaluate("location.pathname") == "/braid/verify"
            return requested

    with running(settings) as url:
        assert set(asyncio.run(run(url))) == {f"{url}/braid/verify"}
    assert len(places) == 2
    for refused in places.values():
        assert OUT <= set(refused)
    assert [heard for heard in trap.heard if "canary" in heard] == []
