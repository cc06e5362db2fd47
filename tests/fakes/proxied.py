"""The whole service on a real socket with a real store, between a client and a provider."""

from __future__ import annotations

import contextlib
import http.client
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anthropic
import openai as sdk
from google import genai
from google.genai import types

from braid.call import HistoryPolicy
from braid_server.service import Settings, running
from braid_verifier import Report, verify
from fakes.provider import Answering, Provider, providing
from fakes.story import Story

# What must never be found in a store or a log.
API_KEY = "sk-ant-never-to-be-found-7f3a"


@dataclass(frozen=True, slots=True)
class Proxied:
    """A service that is up, with everything it keeps under `folder`."""

    url: str
    provider: Provider
    folder: Path
    token: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def client(self, retries: int = 0) -> anthropic.Anthropic:
        return anthropic.Anthropic(
            base_url=self.url, api_key=API_KEY, max_retries=retries, default_headers=self.headers
        )

    def async_client(self, retries: int = 0) -> anthropic.AsyncAnthropic:
        return anthropic.AsyncAnthropic(
            base_url=self.url, api_key=API_KEY, max_retries=retries, default_headers=self.headers
        )

    def openai(self, retries: int = 0) -> sdk.OpenAI:
        return sdk.OpenAI(
            base_url=f"{self.url}/v1",
            api_key=API_KEY,
            max_retries=retries,
            default_headers=self.headers,
        )

    def async_openai(self, retries: int = 0) -> sdk.AsyncOpenAI:
        return sdk.AsyncOpenAI(
            base_url=f"{self.url}/openai/v1",
            api_key=API_KEY,
            max_retries=retries,
            default_headers=self.headers,
        )

    def gemini(self, mount: str = "", **options: Any) -> genai.Client:
        """A client, sync and async in one; it does not retry unless the options say so."""
        known = {"base_url": self.url + mount, "headers": self.headers, **options}
        return genai.Client(api_key=API_KEY, http_options=types.HttpOptions(**known))

    def get(self, path: str) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        headers = {} if self.token is None else {"authorization": f"Bearer {self.token}"}
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        assert answer.status == 200, answer.status
        return body

    def root(self) -> str:
        keys = json.loads(self.get("/.well-known/braid-keys"))["keys"]
        return str(keys[0]["x"])

    def braids(self) -> list[str]:
        """The ids of all braids, oldest first."""
        page = json.loads(self.get("/braid/v1/braids?limit=500"))
        assert page["next"] is None
        return [one["id"] for one in reversed(page["braids"])]

    def report(self, braid: str) -> Report:
        return verify(self.get(f"/braid/v1/braids/{braid}"), roots=[self.root()])

    def stories(self) -> list[Story]:
        """All braids, oldest first, each of them verified under the service's root."""
        root, stories = self.root(), []
        for braid in self.braids():
            transcript = self.get(f"/braid/v1/braids/{braid}")
            verify(transcript, roots=[root]).require()
            stories.append(Story(transcript))
        return stories

    def story(self) -> Story:
        """The one braid there is."""
        (story,) = self.stories()
        return story


@contextlib.contextmanager
def proxied(
    answering: Answering,
    folder: Path,
    tokens: Mapping[str, str] | None = None,
    *,
    reject_history: bool = False,
    strict: bool = False,
) -> Iterator[Proxied]:
    """Run a provider and the service before it; with tokens, the first tenant speaks."""
    policy = HistoryPolicy.REJECT if reject_history else HistoryPolicy.RECORD
    policy = HistoryPolicy.STRICT if strict else policy
    with providing(answering) as provider:
        settings = Settings(
            str(folder / "braid.db"),
            folder / "root.key",
            folder / "wrapping.key",
            upstream_anthropic=provider.url,
            upstream_gemini=provider.url,
            upstream_openai=provider.url,
            port=0,
            tokens=dict(tokens or {}),
            history=policy,
        )
        secret = next(iter((tokens or {}).values()), None)
        headers = {} if secret is None else {"x-braid-token": secret}
        with running(settings) as url:
            yield Proxied(url, provider, folder, secret, headers)
