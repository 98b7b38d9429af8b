"""What surrounds an answer: tokens, routing errors, rate limits and their headers (E18, E19)."""

from __future__ import annotations

from email.utils import formatdate

import httpx
import pytest

from pulumi_hubassoc.emulator import Emulator, Portal
from pulumi_hubassoc.hubspot import facts

from .conftest import NOON, TOKEN, Api

DETAILS = "/account-info/v3/details"


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", f"Basic {TOKEN}", TOKEN])
def test_without_a_bearer_token_the_answer_is_401(client: httpx.Client, header: str | None) -> None:
    """HubSpot points at OAuth (E18)."""
    del client.headers["Authorization"]
    answer = client.get(DETAILS, headers={} if header is None else {"Authorization": header})

    assert (answer.status_code, answer.json()["category"]) == (401, "INVALID_AUTHENTICATION")
    assert answer.json()["message"].startswith("Authentication credentials not found.")


def test_a_wrong_token_looks_expired_since_1970(client: httpx.Client) -> None:
    """A static token that never was one (E18)."""
    answer = client.get(DETAILS, headers={"Authorization": "Bearer pat-na1-wrong"})

    body = answer.json()
    assert (answer.status_code, body["category"]) == (401, "EXPIRED_AUTHENTICATION")
    assert body["context"] == {"expire time": ["1970-01-01T00:00:00Z"]}
    assert body["message"] == "The OAuth token used to make this call expired 20717 day(s) ago."


def test_a_revoked_token_opens_nothing(client: httpx.Client, emulator: Emulator) -> None:
    """It was good a moment ago."""
    assert client.get(DETAILS).status_code == 200
    emulator.revoke(TOKEN)
    assert client.get(DETAILS).status_code == 401


@pytest.mark.parametrize("path", ["/crm", "/crm/v4/associations/contacts/companies", "/crm/v9/associations/a/b/labels"])
def test_an_unknown_path_is_a_page_of_html(client: httpx.Client, path: str) -> None:
    """Even without a token, and never JSON (E18)."""
    answer = client.get(path)

    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "<html>" in answer.text


@pytest.mark.parametrize("path", [DETAILS, "/crm/v4/associations/0-99/0-1/labels", "/nowhere"])
def test_every_answer_has_one_date(emulator: Emulator, portal: Portal, path: str) -> None:
    """That of the emulator's clock, in process and over a socket: good answers, refusals and unknown paths."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    emulator.clock.advance(3600)
    noon_and_one = formatdate(NOON + 3600, usegmt=True)
    with emulator.serve() as url:
        over_a_socket = httpx.get(f"{url}{path}", headers=headers, trust_env=False)
    with httpx.Client(transport=emulator.transport(), base_url="https://api.hubapi.com", headers=headers) as client:
        in_process = client.get(path)
    for answer in (over_a_socket, in_process):
        assert answer.headers.get_list("Date") == [noon_and_one]


def test_a_wrong_method_is_a_page_of_html(client: httpx.Client) -> None:
    """405, not JSON either (E18)."""
    answer = client.patch("/crm/v4/associations/contacts/companies/labels")

    assert answer.status_code == 405
    assert answer.headers["content-type"].startswith("text/html")


def test_every_answer_carries_the_rate_limit_headers(api: Api, client: httpx.Client, emulator: Emulator) -> None:
    """Good answers and refusals alike; what remains comes back with time (E19)."""
    first = client.get(DETAILS).headers
    refused = api.list("nonsense", "contacts").headers

    assert first["X-HubSpot-RateLimit-Max"] == "150"
    assert first["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
    assert (first["X-HubSpot-RateLimit-Remaining"], refused["X-HubSpot-RateLimit-Remaining"]) == ("149", "148")
    assert refused["X-HubSpot-RateLimit-Daily-Remaining"] == "499998"
    emulator.clock.advance(10)
    assert client.get(DETAILS).headers["X-HubSpot-RateLimit-Remaining"] == "149"
    assert client.get(DETAILS).headers["X-HubSpot-RateLimit-Daily-Remaining"] == "499996"


def test_the_headers_can_be_missing(client: httpx.Client, portal: Portal) -> None:
    """OAuth tokens get no daily pair, and exempt operations may get none at all."""
    portal.configure(daily_headers=False)
    kept = {name for name in client.get(DETAILS).headers if "ratelimit" in name}
    portal.configure(rate_headers=False)
    none = {name for name in client.get(DETAILS).headers if "ratelimit" in name}

    assert kept
    assert not any("daily" in name for name in kept)
    assert none == set()


def test_the_rate_limit_is_real_where_enforced(client: httpx.Client, emulator: Emulator, portal: Portal) -> None:
    """More than so many in ten seconds are 429; after ten seconds they are not."""
    portal.configure(enforce_interval=True, requests_per_interval=3)

    assert [client.get(DETAILS).status_code for _ in range(5)] == [200, 200, 200, 429, 429]
    emulator.clock.advance(10)
    answer = client.get(DETAILS)
    assert answer.status_code == 200


def test_the_daily_limit_is_real_where_enforced(client: httpx.Client, emulator: Emulator, portal: Portal) -> None:
    """Ten seconds do not help against DAILY."""
    portal.configure(enforce_day=True, requests_per_day=1)
    client.get(DETAILS)
    emulator.clock.advance(10)

    answer = client.get(DETAILS)

    assert (answer.status_code, answer.json()["policyName"]) == (429, "DAILY")


@pytest.mark.parametrize("base", facts.API_PATHS.values())
def test_errors_have_a_correlation_id_of_their_own(client: httpx.Client, base: str) -> None:
    """In the body and the header, a new one each time."""
    seen = [Api(client, base).list("nonsense", "contacts") for _ in range(2)]

    ids = [answer.json()["correlationId"] for answer in seen]
    assert ids == [answer.headers["x-hubspot-correlation-id"] for answer in seen]
    assert ids[0] != ids[1]


def test_portals_do_not_see_each_other(emulator: Emulator, portal: Portal, api: Api) -> None:
    """Same server, same names and numbers, different data."""
    other = emulator.add_portal(token="other", portal_id=2)
    api.create("contacts", "companies", "boss", "Boss")
    with httpx.Client(
        transport=emulator.transport(), base_url="http://hubspot", headers={"Authorization": "Bearer other"}
    ) as client:
        assert Api(client).shown("contacts", "companies") == {}
        assert Api(client).create("contacts", "companies", "boss", "Other").status_code == 200

    assert [x.label for x in portal.labels()] == ["Boss"]
    assert [x.label for x in other.labels()] == ["Other"]
