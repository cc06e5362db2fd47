"""A real Chromium, headless, driven over its DevTools protocol."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-default-apps",
    "--disable-dev-shm-usage", "--remote-debugging-port=0",
)  # fmt: skip
PATIENCE = 60.0


def chromium_command() -> str:
    """Give the Chromium to run; skips the test where there is none."""
    for name in NAMES:
        if found := shutil.which(name):
            return found
    pytest.skip(f"needs Chromium: none of {', '.join(NAMES)} is on PATH")


class Page:
    """One page: its commands are awaited, its events are kept."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._last = 0
        self.events: list[dict[str, Any]] = []

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and wait for its answer."""
        self._last += 1
        await self._socket.send_json({"id": self._last, "method": method, "params": params})
        while True:
            message = await self._socket.receive_json(timeout=PATIENCE)
            if message.get("id") != self._last:
                self.events.append(message)
                continue
            if "error" in message:
                raise AssertionError(f"{method}: {message['error']}")
            answer: dict[str, Any] = message["result"]
            return answer

    async def evaluate(self, expression: str) -> Any:
        """Run an expression in the page; a promise is awaited."""
        answer = await self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in answer:
            raise AssertionError(f"{expression}: {json.dumps(answer['exceptionDetails'])}")
        return answer["result"].get("value")

    async def wait_for(self, expression: str) -> Any:
        """Give the expression's value once it is true."""
        async with asyncio.timeout(PATIENCE):
            while not (value := await self.evaluate(expression)):
                await asyncio.sleep(0.05)
        return value

    async def choose(self, selector: str, *files: Path) -> None:
        """Choose files in a file input, as a user does."""
        document = await self.call("DOM.getDocument")
        found = await self.call(
            "DOM.querySelector", nodeId=document["root"]["nodeId"], selector=selector
        )
        await self.call(
            "DOM.setFileInputFiles", nodeId=found["nodeId"], files=[str(file) for file in files]
        )

    def requested(self) -> list[str]:
        """Give the address of every request that was sent or tried."""
        sent = "Network.requestWillBeSent"
        return [
            event["params"]["request"]["url"]
            for event in self.events
            if event.get("method") == sent
        ]


@asynccontextmanager
async def opened(url: str, *flags: str) -> AsyncIterator[Page]:
    """Open a page in a Chromium with an empty profile; both are gone afterwards."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        process = await asyncio.create_subprocess_exec(
            chromium_command(),
            *QUIET,
            *sandbox,
            *flags,
            f"--user-data-dir={profile}",
            "about:blank",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(PATIENCE):
                port_file = Path(profile) / "DevToolsActivePort"
                while not (port_file.exists() and port_file.read_text().count("\n")):
                    assert process.returncode is None, "chromium ended at once"
                    await asyncio.sleep(0.05)
            port = port_file.read_text().splitlines()[0]
            async with aiohttp.ClientSession(trust_env=False) as session:
                tabs = f"http://127.0.0.1:{port}/json/list"
                async with asyncio.timeout(PATIENCE):
                    while True:
                        async with session.get(tabs) as answer:
                            found = [tab for tab in await answer.json() if tab["type"] == "page"]
                        if found:
                            break
                        await asyncio.sleep(0.05)
                async with session.ws_connect(
                    found[0]["webSocketDebuggerUrl"], max_msg_size=0
                ) as socket:
                    page = Page(socket)
                    for domain in ("Page", "Network", "Runtime", "Log", "DOM"):
                        await page.call(f"{domain}.enable")
                    await page.call("Page.navigate", url=url)
                    yield page
        finally:
            process.kill()
            await process.wait()
