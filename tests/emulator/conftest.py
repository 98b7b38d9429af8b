"""One portal in process, and a client that knows paths but no rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from pulumi_hubassoc.emulator import Clock, Emulator, Portal
from tests.chromium import DESK, chromium

from .pages import Open

TOKEN = "pat-na1-5e6e71e1-0000-4000-8000-c0ffee000042"
PORTAL_ID = 42
NOON = 1_790_000_000.0

Response = httpx.Response


class Api:
    """HubSpot's nine operations as one would type them; every method answers the raw response."""

    def __init__(self, client: httpx.Client, base: str = "/crm/v4/associations") -> None:
        self.client = client
        self.base = base

    def list(self, start: str, end: str) -> Response:
        return self.client.get(f"{self.base}/{start}/{end}/labels")

    def create(self, start: str, end: str, name: str, label: Any = "A", inverse: str | None = None) -> Response:
        body = {"name": name, "label": label} | ({} if inverse is None else {"inverseLabel": inverse})
        return self.client.post(f"{self.base}/{start}/{end}/labels", json=body)

    def update(self, start: str, end: str, type_id: int, label: str, inverse: str | None = None) -> Response:
        body = {"associationTypeId": type_id, "label": label} | ({} if inverse is None else {"inverseLabel": inverse})
        return self.client.put(f"{self.base}/{start}/{end}/labels", json=body)

    def delete(self, start: str, end: str, type_id: object) -> Response:
        return self.client.delete(f"{self.base}/{start}/{end}/labels/{type_id}")

    def all_limits(self) -> Response:
        return self.client.get(f"{self.base}/definitions/configurations/all")

    def limits(self, start: str, end: str) -> Response:
        return self.client.get(f"{self.base}/definitions/configurations/{start}/{end}")

    def batch(self, verb: str, start: str, end: str, *inputs: tuple[Any, ...]) -> Response:
        """Inputs are (category, type id) or (category, type id, maximum); U and H are short for the categories."""
        keys = ("category", "typeId", "maxToObjectIds")
        long = {"U": "USER_DEFINED", "H": "HUBSPOT_DEFINED"}
        items = [dict(zip(keys, (long.get(i[0], i[0]), *i[1:]), strict=False)) for i in inputs]
        path = f"{self.base}/definitions/configurations/{start}/{end}/batch/{verb}"
        return self.client.post(path, json={"inputs": items})

    def shown(self, start: str, end: str, category: str = "USER_DEFINED") -> dict[int, str | None]:
        """The types of one category that a list shows: text by id."""
        results = self.list(start, end).json()["results"]
        return {r["typeId"]: r["label"] for r in results if r["category"] == category}


@pytest.fixture
def emulator() -> Emulator:
    return Emulator(seed=0, clock=Clock(NOON))


@pytest.fixture
def portal(emulator: Emulator) -> Portal:
    return emulator.add_portal(token=TOKEN, portal_id=PORTAL_ID, account_type="DEVELOPER_TEST")


@pytest.fixture
def client(emulator: Emulator, portal: Portal) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(transport=emulator.transport(), base_url="https://api.hubapi.com", headers=headers) as made:
        yield made


@pytest.fixture
def api(client: httpx.Client) -> Api:
    return Api(client)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium."""
    with chromium() as found:
        yield found


@pytest.fixture
def url(emulator: Emulator, portal: Portal) -> str:
    """Where the emulator serves."""
    return emulator.start()


@pytest.fixture
def open_page(browser: Any, url: str) -> Iterator[Open]:
    """Opens a page that is up to date; at the end it has said nothing and asked nobody else for anything."""
    asked: list[str] = []
    said: list[str] = []
    contexts = []

    def open_page(path: str = f"/portals/{PORTAL_ID}", size: tuple[int, int] = DESK, **options: Any) -> Any:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **options)
        contexts.append(context)
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(dialog.message))
        page.goto(url + path)
        page.wait_for_selector(".live.good")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [one for one in asked if not one.startswith(f"{url}/")] == []
    assert [text for text in said if "Failed to load resource" not in text] == []  # an answer of 400 is told in a form
