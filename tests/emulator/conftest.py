"""One portal in process, and a client that knows paths but no rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from pulumi_hubassoc.emulator import Clock, Emulator, Portal

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
