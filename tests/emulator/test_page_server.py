"""What serves the page: who may use it, what it tells, and that it waits without being in anybody's way."""

from __future__ import annotations

import itertools
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pytest

from pulumi_hubassoc.emulator import Emulator, Fault, Portal
from pulumi_hubassoc.emulator.watch import WAITING

from .conftest import PORTAL_ID, TOKEN, Api

PAIR = ("contacts", "companies")
PAGES = ("/", f"/portals/{PORTAL_ID}")
FILES = {f.name: f for f in files("pulumi_hubassoc.emulator.page").iterdir() if not f.name.startswith("__")}
WATCH = "/_emulator/watch"
DRIFT = f"/_emulator/portals/{PORTAL_ID}/drift"
EVIL = "http://evil.example"
STRANGERS: list[dict[str, str]] = [
    {"Origin": EVIL},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
]


@pytest.fixture
def web(emulator: Emulator, portal: Portal) -> Iterator[httpx.Client]:
    """The emulator on a socket, without a token."""
    with emulator.serve() as url, httpx.Client(base_url=url, timeout=30) as client:
        yield client


def look(web: httpx.Client, seen: str = "", portal: int | None = PORTAL_ID, wait: bool = False, **more: Any) -> Any:
    """The news."""
    which = {} if portal is None else {"portal": portal}
    answer = web.get(WATCH, params={"seen": seen, "wait": int(wait), **which, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def types_of(news: Any, *pair: str) -> dict[str, Any]:
    """The types of a pair in a portal's view, by key."""
    (found,) = [p for p in news["portal"]["pairs"] if (p["from"], p["to"]) == pair]
    return {t["key"]: t for t in found["types"]}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_may_load_its_own_files_and_ask_its_own_server_and_nothing_else(web: httpx.Client, path: str) -> None:
    """The policy, and what keeps it from other sites, caches and guesses."""
    answer = web.get(path)
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))

    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_the_page_is_its_files_and_loads_nothing_from_elsewhere(web: httpx.Client) -> None:
    """Every file is served with its kind; what they name is among them; none names another server."""
    kinds = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
    for name, file in FILES.items():
        answer = web.get(f"/_emulator/page/{name}")
        assert answer.headers["content-type"].startswith(kinds[name.rpartition(".")[2]])
        text = file.read_text(encoding="utf-8")
        assert answer.text == text
        assert set(re.findall(r"[a-z]+://[^\"' ]+", text)) <= {"http://www.w3.org/2000/svg"}
        named = re.findall(r'(?:from "\./|"/_emulator/page/)([\w.]+)"', text)
        assert set(named) <= FILES.keys()
    assert web.get("/_emulator/page/__init__.py").status_code == 404
    assert web.get("/_emulator/page/..%2fguard.py").status_code == 404


def test_no_script_makes_elements_from_text(web: httpx.Client) -> None:
    """There is no way in, whatever a label says."""
    ways = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\b|new Function|srcdoc|javascript:"
    scripts = [file.read_text(encoding="utf-8") for name, file in FILES.items() if name.endswith((".js", ".html"))]
    assert len(scripts) > 5
    assert [found for text in scripts for found in re.findall(ways, text)] == []
    pages = [file.read_text(encoding="utf-8") for name, file in FILES.items() if name.endswith(".html")]
    assert [found for text in pages for found in re.findall(r"<script>|<style|\son\w+=|\sstyle=", text)] == []


@pytest.mark.parametrize("path", [*PAGES, "/_emulator/page/portal.js", "/_emulator/dump", WATCH])
def test_another_name_for_this_machine_is_refused(web: httpx.Client, path: str) -> None:
    """A site whose name leads to 127.0.0.1 reads nothing; the emulator's own two names do."""
    port = web.base_url.port
    for host in (
        "evil.example",
        f"evil.example:{port}",
        "127.0.0.1",
        f"127.0.0.1:{port + 1}",
        f"127.0.0.1.evil.example:{port}",
    ):
        answer = web.get(path, headers={"Host": host})
        assert answer.status_code == 403
        assert "evil" not in answer.text
    assert web.get(path, headers={"Host": f"localhost:{port}"}).status_code == 200


def test_the_usual_port_goes_without_saying(emulator: Emulator, portal: Portal) -> None:
    """A browser leaves out 80."""
    socket = {"werkzeug.socket": object()}
    client = emulator.app.test_client()
    for base, status in (("http://localhost", 200), ("http://127.0.0.1:80", 200), ("http://evil.example", 403)):
        assert client.get("/", base_url=base, environ_base=socket).status_code == status


@pytest.mark.parametrize("headers", STRANGERS)
def test_another_site_can_do_and_read_nothing(web: httpx.Client, portal: Portal, headers: dict[str, str]) -> None:
    """Whatever it sends, the portal is as it was; a program and the page itself may."""
    label = portal.drift.create_label(*PAIR, "Boss", "Staff")
    before = portal.state
    calls: list[tuple[str, str, Any]] = [
        ("POST", f"{DRIFT}/delete_label", {"type_id": label.type_id}),
        ("POST", "/_emulator/reset", None),
        ("POST", "/_emulator/faults", {"kind": "reset"}),
        ("DELETE", "/_emulator/journal", None),
        ("PATCH", f"/_emulator/portals/{PORTAL_ID}/settings", {"labels_per_pair": 1}),
        ("GET", "/_emulator/dump", None),
        ("GET", WATCH, None),
        ("GET", "/", None),
    ]
    for method, path, body in calls:
        assert web.request(method, path, json=body, headers=headers).status_code == 403, path
        preflight = web.options(path, headers={**headers, "Access-Control-Request-Method": method})
        assert not [name for name in preflight.headers if name.startswith("access-control-")]
    assert portal.state == before
    assert portal.settings.labels_per_pair == 50
    own = {"Origin": str(web.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}
    for allowed in (own, {}):
        assert web.post(f"{DRIFT}/use_label", json={"type_id": label.type_id}, headers=allowed).status_code == 200


def test_a_link_from_elsewhere_opens_the_page(web: httpx.Client) -> None:
    """A person may follow one, from documentation, say."""
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert [web.get(path, headers=link).status_code for path in PAGES] == [200, 200]
    assert web.post("/_emulator/reset", headers=link).status_code == 403


def test_hubspots_paths_are_where_they_were(api: Api, web: httpx.Client, emulator: Emulator) -> None:
    """Whoever calls, and by what name; and looking at the page is in no journal."""
    for path in (*PAGES, "/portals/9", "/_emulator/page/page.css", WATCH + "?wait=0"):
        web.get(path)
    assert len(emulator.journal) == 0
    assert web.get("/portals/9").status_code == 404
    headers = {"Authorization": f"Bearer {TOKEN}", "Host": "api.hubapi.com", "Origin": EVIL}
    assert web.get("/account-info/v3/details", headers=headers).status_code == 200
    assert web.get("/portals").status_code == web.get("/portals/x").status_code == 404
    assert emulator.journal.operations() == ["account", "unknown", "unknown"]


def test_no_token_is_told(web: httpx.Client, portal: Portal) -> None:
    """Neither on a page nor in the news, wherever it was sent."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    body = {"name": "leak", "label": f"Label {TOKEN}"}
    web.post(f"/nowhere/{TOKEN}?key={TOKEN}", headers=headers, json=body)
    told = [web.get(path).text for path in PAGES] + [json.dumps(look(web, portal=p)) for p in (None, PORTAL_ID)]
    assert "nowhere" in told[-1]
    assert not [text for text in told if TOKEN in text]


def test_the_view_of_a_portal(api: Api, web: httpx.Client, portal: Portal) -> None:
    """Texts, ids and limits both ways, names, who made a label and who set a limit."""
    api.create("companies", "contacts", "boss", "Staff", "Boss")
    hand = portal.drift.create_label("contacts", "contacts", "Friend")
    api.batch("create", *PAIR, ("H", 279, 5), ("U", 2, 3))
    portal.drift.set_limit("companies", "contacts", 1, 2)
    news = look(web)

    summary = {key: news["portal"][key] for key in ("id", "name", "type", "labels", "limits")}
    assert summary == {
        "id": PORTAL_ID,
        "name": portal.account.name,
        "type": portal.account.account_type,
        "labels": 2,
        "limits": 3,
    }
    boss = types_of(news, *PAIR)["USER_DEFINED:2"]
    assert (boss["name"], boss["madeBy"], boss["isLabel"], boss["inUse"]) == ("boss", "app", True, False)
    sides = [[boss[s][k] for k in ("from", "to", "typeId", "text", "max", "maxBy")] for s in ("there", "back")]
    assert sides == [["contacts", "companies", 2, "Boss", 3, "app"], ["companies", "contacts", 1, "Staff", 2, "person"]]
    unlabeled = types_of(news, *PAIR)["HUBSPOT_DEFINED:279"]
    assert (unlabeled["madeBy"], unlabeled["isLabel"], unlabeled["there"]["max"]) == ("hubspot", False, 5)
    friend = types_of(news, "contacts", "contacts")[f"USER_DEFINED:{hand.type_id}"]
    assert (friend["madeBy"], friend["symmetric"], friend["back"]["typeId"]) == ("person", True, hand.inverse_type_id)
    (row,) = look(web, portal=None)["portals"]
    assert row == summary


def test_a_same_object_pair_shows_each_type_once(web: httpx.Client, portal: Portal) -> None:
    """Though the API lists both sides of it in the one direction."""
    for text, inverse in (("Parent", "Child"), ("Friend", "Friend"), ("Boss", "Staff")):
        portal.drift.create_label("contacts", "contacts", text, inverse)
    portal.drift.create_label("companies", "companies", "Franchise")
    news = look(web)
    assert [k for k in types_of(news, "contacts", "contacts") if "USER" in k] == [
        f"USER_DEFINED:{i}" for i in (1, 3, 5)
    ]
    companies = types_of(news, "companies", "companies").values()
    texts = sorted({side["text"] or "" for t in companies for side in (t["there"], t["back"]) if side})
    assert texts == ["", "Child Company", "Franchise", "Parent Company"]
    assert len(companies) == 3


def test_pairs_that_are_asked_for_are_shown_too(web: httpx.Client, portal: Portal) -> None:
    """Without a label or a limit, in HubSpot's order whichever way they are named; unknown objects are passed over."""
    portal.drift.create_label("tickets", "contacts", "Reporter")
    news = look(web, pair=["deals:contacts", "nonsense:contacts", "x"])
    assert [(p["from"], p["to"]) for p in news["portal"]["pairs"]] == [("contacts", "deals"), ("contacts", "tickets")]
    assert "HUBSPOT_DEFINED:4" in types_of(news, "contacts", "deals")


def test_custom_objects_have_their_titles_and_their_plain_association(web: httpx.Client, portal: Portal) -> None:
    """A person's label makes the plain association too."""
    portal.add_custom_object("toy", singular="Toy", plural="Toys of ours")
    portal.drift.create_label("p_toy", "contacts", "Owner")
    news = look(web)
    assert {"name": "2-1001", "title": "Toys of ours", "id": "2-1001", "custom": True} in news["portal"]["objects"]
    types = types_of(news, "contacts", "2-1001").values()
    assert sorted((t["isLabel"], t["madeBy"]) for t in types) == [(False, "person"), (True, "person")]


def test_who_made_what_is_remembered_and_older_files_are_read(tmp_path: Path) -> None:
    """A limit is of whoever changed it last."""
    file = tmp_path / "portals.json"

    def begin() -> Portal:
        return Emulator(state_file=file).add_portal(token=TOKEN, portal_id=PORTAL_ID)

    first = begin()
    label = first.drift.create_label(*PAIR, "Boss")
    first.drift.set_limit(*PAIR, label.type_id, 3)
    assert begin().state == first.state
    assert (first.state.labels_by_hand, first.state.limits_by_hand) == (
        {label.type_id},
        {("USER_DEFINED", label.type_id)},
    )
    document = json.loads(file.read_text())
    for key in ("labelsByHand", "limitsByHand"):
        del document["portals"][0]["state"][key]
    file.write_text(json.dumps(document))
    assert begin().labels() == first.labels()


def test_a_limit_that_an_app_changes_is_an_apps(api: Api, portal: Portal) -> None:
    """And one that it sets to what it was is not."""
    label = portal.drift.create_label(*PAIR, "Boss")
    portal.drift.set_limit(*PAIR, label.type_id, 3)
    api.batch("update", *PAIR, ("U", label.type_id, 3))
    assert portal.state.limits_by_hand
    api.batch("update", *PAIR, ("U", label.type_id, 4))
    assert not portal.state.limits_by_hand


def test_news_are_what_has_changed_since(api: Api, web: httpx.Client, emulator: Emulator, portal: Portal) -> None:
    """Views only when they are others, records once; clearing the journal is told."""
    first = look(web)
    assert first["journal"] == {"oldest": 1, "records": []}
    api.list(*PAIR)
    second = look(web, first["seen"])
    assert "portal" not in second
    assert [r["operation"] for r in second["journal"]["records"]] == ["list_labels"]
    emulator.arm(Fault("status", operation="create_label"))
    third = look(web, second["seen"])
    assert [f["left"] for f in third["portal"]["faults"]] == [1]
    assert third["journal"]["records"] == []
    api.create(*PAIR, "boss", "Boss")
    fourth = look(web, third["seen"])
    assert [f["left"] for f in fourth["portal"]["faults"]] == [0]
    assert [r["fault"] for r in fourth["journal"]["records"]] == ["status"]
    emulator.journal.clear()
    portal.configure(labels_per_pair=9)
    fifth = look(web, fourth["seen"])
    assert fifth["journal"]["oldest"] == 3
    assert look(web, fifth["seen"])["seen"] == fifth["seen"]
    assert web.get(WATCH, params={"portal": 9}).status_code == 404


@pytest.mark.parametrize("seen", ["x", "1.2", "a.b.c.d", "a.-1.2.3", "another.1.2.3", "x" * 500])
def test_who_has_seen_another_emulator_is_told_everything(web: httpx.Client, seen: str) -> None:
    """As after a restart on the same port."""
    assert "portal" in look(web, seen)


def test_the_journal_of_a_portal_is_its_own_and_nobodys(api: Api, web: httpx.Client, emulator: Emulator) -> None:
    """A request with a bad token must be seen wherever one looks; the newest 500 are told."""
    emulator.add_portal(token="other", portal_id=7)
    api.list(*PAIR)
    web.get("/account-info/v3/details", headers={"Authorization": "Bearer other"})
    web.get("/account-info/v3/details", headers={"Authorization": "Bearer bad"})
    told = {p: [r["portal_id"] for r in look(web, portal=p)["journal"]["records"]] for p in (None, PORTAL_ID, 7)}
    assert told == {None: [PORTAL_ID, 7, None], PORTAL_ID: [PORTAL_ID, None], 7: [7, None]}
    values = {"at": 0.0, "portal_id": 7, "method": "GET", "path": "/", "query": "", "operation": "unknown"}
    for _ in range(600):
        emulator.journal.add(**values, body=None, status=404, duration=0.0)
    records = look(web, portal=None)["journal"]["records"]
    assert [records[0]["number"], records[-1]["number"], len(records)] == [104, 603, 500]


def test_a_change_is_told_at_once_to_who_waits(web: httpx.Client, portal: Portal) -> None:
    """Well within a second; nothing is told before."""
    seen = look(web)["seen"]
    told: list[tuple[float, Any]] = []
    thread = threading.Thread(target=lambda: told.append((look(web, seen, wait=True), time.monotonic())))  # type: ignore[arg-type]
    thread.start()
    time.sleep(0.3)
    assert told == []
    changed = time.monotonic()
    portal.drift.create_label(*PAIR, "Boss")
    thread.join(timeout=10)
    ((news, when),) = told
    assert when - changed < 1  # type: ignore[operator]
    assert "USER_DEFINED:1" in types_of(news, *PAIR)


def test_many_open_pages_are_in_nobodys_way_and_end_with_the_server(emulator: Emulator, portal: Portal) -> None:
    """Few are kept waiting, the others come back; HubSpot's paths answer as fast; stopping waits for none of them."""
    url = emulator.start()
    with httpx.Client(base_url=url, timeout=30) as web:
        seen = look(web)["seen"]
        answers: list[bool] = []
        began = time.monotonic()

        def page() -> None:
            try:
                with httpx.Client(base_url=url, timeout=30) as own:
                    answers.append(look(own, seen, wait=True)["waits"])
            except httpx.TransportError:
                answers.append(True)

        threads = [threading.Thread(target=page) for _ in range(20)]
        for thread in threads:
            thread.start()
        while len(answers) < 20 - WAITING and time.monotonic() - began < 8:
            time.sleep(0.01)
        assert answers == [False] * (20 - WAITING)
        headers = {"Authorization": f"Bearer {TOKEN}"}
        times = []
        for _ in range(50):
            start = time.perf_counter()
            assert web.get("/nowhere", headers=headers).status_code == 404
            times.append(time.perf_counter() - start)
        assert sorted(times)[25] < 0.05
        stopping = time.monotonic()
        emulator.stop()
        for thread in threads:
            thread.join(timeout=10)
        assert time.monotonic() - stopping < 3
        assert len(answers) == 20


def rgb(colour: str) -> list[float]:
    """Red, green and blue of ``#rrggbb``, linear."""
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]


def contrast(a: str, b: str) -> float:
    """Of two colours, as WCAG defines it."""
    light, dark = sorted(
        (sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), rgb(x), strict=True)) for x in (a, b)), reverse=True
    )
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_text_has_contrast_enough(scheme: int) -> None:
    """4.5 to 1 for texts on whatever they stand, 3 to 1 for edges of controls."""
    text = FILES["page.css"].read_text(encoding="utf-8")
    palettes = re.findall(r":root \{([^}]*)\}", text)
    assert len(palettes) == 2
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", palettes[scheme]))
    assert colours.keys() == {*re.findall(r"var\(--([\w-]+)\)", text)}
    texts = itertools.product(("ink", "soft", "accent", "good", "bad"), ("paper", "panel", "mark"))
    pairs = [*texts, ("on-main", "main"), ("on-main", "bad"), ("on-bar", "bar"), ("bar-soft", "bar"), ("paper", "ink")]
    assert [p for p in pairs if contrast(colours[p[0]], colours[p[1]]) < 4.5] == []
    assert [
        p
        for p in itertools.product(("edge", "accent"), ("paper", "panel"))
        if contrast(colours[p[0]], colours[p[1]]) < 3
    ] == []


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/_emulator/clock", '{"advance": NaN}'),
        ("/_emulator/clock", '{"advance": 1e999}'),
        ("/_emulator/faults", '{"kind": "status", "count": "x"}'),
        ("/_emulator/faults", '{"kind": "status", "status": "x"}'),
        ("/_emulator/faults", '{"kind": "slow", "seconds": []}'),
        ("/_emulator/faults", '{"body": ' + "[" * 90_000 + "]" * 90_000 + "}"),
        (f"{DRIFT}/create_custom_object", '{"name": 5}'),
        (f"{DRIFT}/create_label", '{"from_object_type": 1, "to_object_type": "deals", "label": "A"}'),
        (f"{DRIFT}/create_label", '{"from_object_type": "deals", "to_object_type": "deals", "label": null}'),
    ],
)
def test_what_the_control_plane_cannot_take_does_no_harm(web: httpx.Client, path: str, sent: str) -> None:
    """It is refused with a sentence, and HubSpot's paths answer as before."""
    answer = web.post(path, content=sent)
    assert (answer.status_code, bool(answer.json()["message"])) == (400, True)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert web.get("/crm/v3/schemas/contacts", headers=headers).status_code == 200
    assert web.get("/_emulator/faults").json() == {"faults": []}


@pytest.mark.parametrize("head", ["Content-Length: abc", "Content-Length: -1", "Transfer-Encoding: chunked"])
def test_body_without_an_end_is_refused(web: httpx.Client, head: str, capfd: pytest.CaptureFixture[str]) -> None:
    """The connection ends with it, and nothing is printed."""
    with socket.create_connection((web.base_url.host, web.base_url.port or 0), timeout=10) as connection:
        connection.sendall(f"POST /any HTTP/1.1\r\nHost: a\r\n{head}\r\n\r\nzz\r\n".encode())
        with connection.makefile("rb") as answer:
            assert answer.read().startswith(b"HTTP/1.1 400 ")
    assert capfd.readouterr() == ("", "")
