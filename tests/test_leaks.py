"""The token is seen by HubSpot and by nobody else: not in an error, a log, a URL, a journal, a pickle, another host."""

from __future__ import annotations

import itertools
import json
import logging
import pickle
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest

from pulumi_hubassoc import config, errors
from pulumi_hubassoc.emulator import Emulator, Fault, Portal
from pulumi_hubassoc.emulator.faults import Kind
from pulumi_hubassoc.hubspot.client import HubSpot
from pulumi_hubassoc.hubspot.connection import Token
from tests.conftest import TOKEN
from tests.wire import CALLS, answering, client
from tests.workbench import LABEL, Process

SECRET = "pat-na1-5e471e11"
"""What each malformed token has in it, and nothing else has."""
MALFORMED = {
    "line break within": f"{SECRET}\n{SECRET}",
    "carriage return": f"{SECRET}\r{SECRET}",
    "both": f"{SECRET}\r\nX-Other: {SECRET}",
    "space within": f"{SECRET} {SECRET}",
    "two words": f"Bearer {SECRET}",
    "tab": f"{SECRET}\t{SECRET}",
    "NUL": f"{SECRET}\x00",
    "NUL first": f"\x00{SECRET}",
    "bell": f"{SECRET}\x07",
    "escape": f"{SECRET}\x1b[31m",
    "delete": f"{SECRET}\x7f",
    "backspace": f"{SECRET}\x08",
    "vertical tab": f"{SECRET}\x0b{SECRET}",
    "form feed": f"{SECRET}\x0c{SECRET}",
    "next line": f"{SECRET}\x85{SECRET}",
    "no-break space": f"{SECRET}\xa0{SECRET}",
    "latin letter": f"{SECRET}é",
    "greek letter": f"{SECRET}α",
    "emoji": f"{SECRET}🔑",
    "typographic quotes": f"“{SECRET}”",
    "en dash": SECRET.replace("-", "–"),
    "zero width space": f"{SECRET}\u200b{SECRET}",
    "byte order mark": f"\ufeff{SECRET}",
    "right to left": f"\u202e{SECRET}",
    "line separator": f"{SECRET}\u2028{SECRET}",
    "fullwidth": f"{SECRET}ａ",
    "lone surrogate": f"{SECRET}\ud800",
    "10 kB": SECRET * 640,
    "2049 characters": (SECRET * 200)[:2049],
    "a file's text": f"token={SECRET}\nregion=eu1",
    "JSON": f'{{"token": "{SECRET}"}}',
}
BLANK = ("", " ", "\n", "\t\r\n", "\xa0")


def everything_of(error: BaseException) -> str:
    """All that a log, a debugger or an error collector would show of an exception and of those behind it."""
    shown: list[str] = []
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        shown += [str(one), repr(one), repr(one.args), repr(vars(one)), "".join(traceback.format_exception(one))]
        for frame, _ in traceback.walk_tb(one.__traceback__):
            if Path(frame.f_code.co_filename).parent != Path(__file__).parent:  # this test knows the token, of course
                shown += [f"{name} = {value!r}" for name, value in frame.f_locals.items()]
        waiting += [one.__cause__, one.__context__]
    return "\n".join(shown)


def failure_of(call: Callable[[], object]) -> BaseException | None:
    """What a call raises."""
    try:
        call()
    except Exception as error:  # noqa: BLE001  whatever it is, it is looked at
        return error
    return None


@pytest.fixture
def everything_logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Logging at DEBUG of everybody, also of those that a client made quiet."""
    names = ("httpx", "httpcore", "httpcore.http11", "httpcore.connection", "hpack", "pulumi_hubassoc", "pulumi")
    levels = {name: logging.getLogger(name).level for name in names}
    caplog.set_level(logging.DEBUG)
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield caplog
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


class TestMalformedTokens:
    """A token that cannot be one is refused before anything is sent, and only its length is told."""

    def test_there_are_thirty(self) -> None:
        """As many kinds as were asked for."""
        assert len(MALFORMED) >= 30

    @pytest.mark.parametrize("name", MALFORMED)
    @pytest.mark.parametrize("method", ["create", "read", "update", "delete"])
    def test_a_provider_refuses_it(self, name: str, method: str, emulator: Emulator, portal: Portal) -> None:
        """Whatever it is asked to do: no request, one line, the length, no byte of the token, not even in variables."""
        token = MALFORMED[name]
        provider = Process(emulator, {"hubassoc:accessToken": token}).providers["label"]
        made = {**LABEL, "name": "n", "portal_id": 1001}
        error = failure_of(
            {
                "create": lambda: provider.create(LABEL),
                "read": lambda: provider.read("contacts/companies/1/2", made),
                "update": lambda: provider.update("contacts/companies/1/2", made, {**LABEL, "label": "Other"}),
                "delete": lambda: provider.delete("contacts/companies/1/2", made),
            }[method]
        )
        assert type(error) is errors.ConfigError
        assert f"it has {len(token.strip())} characters" in str(error)
        self._assert_hidden(error)
        assert len(emulator.journal) == 0

    @pytest.mark.parametrize("name", MALFORMED)
    def test_so_does_the_environment(self, name: str) -> None:
        """The same for a token that came from the variable."""
        variables = {"HUBSPOT_ACCESS_TOKEN": MALFORMED[name]}
        error = failure_of(lambda: config.settings({}, variables))
        assert type(error) is errors.ConfigError
        assert "HUBSPOT_ACCESS_TOKEN" in str(error)
        self._assert_hidden(error)

    @pytest.mark.parametrize("blank", BLANK)
    def test_a_blank_one_is_none(self, blank: str) -> None:
        """Nothing is set: the sentence says how to set it."""
        assert "No HubSpot access token is set" in str(
            failure_of(lambda: config.settings({"hubassoc:accessToken": blank}, {}))
        )

    @pytest.mark.parametrize("name", MALFORMED)
    def test_a_client_that_is_given_one_all_the_same_does_not_show_it(self, name: str, emulator: Emulator) -> None:
        """HTTP libraries print the header they refuse; nothing of theirs comes through."""
        with emulator.serve() as url:
            hubspot = client(None, token=Token(MALFORMED[name]), base_url=url)
            for call in ("list_labels", "create_label"):
                error = failure_of(lambda call=call: CALLS[call](hubspot))
                assert isinstance(error, errors.HubSpotError)
                self._assert_hidden(error)
            hubspot.close()

    @staticmethod
    def _assert_hidden(error: BaseException | None) -> None:
        assert error is not None
        shown = everything_of(error)
        assert SECRET not in shown
        assert SECRET.replace("-", "–") not in shown


class TestFailures:
    """After every kind of failure the token is in nothing that is left."""

    @pytest.mark.timeout(120)
    @pytest.mark.parametrize("kind", get_args(Kind))
    def test_of_the_network_and_of_hubspot(
        self,
        kind: Any,
        emulator: Emulator,
        portal: Portal,
        everything_logged: pytest.LogCaptureFixture,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        """Over a real socket, at DEBUG: exceptions with their variables, logs, output, the journal."""
        emulator.arm(Fault(kind, count=None, seconds=0.4, body={"message": f"Bearer {TOKEN}", "category": TOKEN}))
        raised = 0
        with emulator.serve() as url:
            hubspot = client(None, base_url=url, timeout_s=0.2, patience_s=0.01)
            with_client = {name: logging.getLogger(name) for name in ("httpx", "httpcore")}
            for name in CALLS:
                failure_of(hubspot._sender._client)  # makes httpx quiet; the fixture's level is wanted
                for logger in with_client.values():
                    logger.setLevel(logging.DEBUG)
                error = failure_of(lambda name=name: CALLS[name](hubspot))
                if error is not None:
                    raised += 1
                    assert isinstance(error, errors.HubSpotError)
                    assert TOKEN not in everything_of(error)
            hubspot.close()
        assert raised > 0 or kind in {"stale", "late_names"}, "nothing failed: this proves nothing"
        assert everything_logged.records, "nothing was logged: this proves nothing"
        logged = [r.getMessage() + str(vars(r)) for r in everything_logged.records]
        output = capfd.readouterr()
        journal = [r.to_json() for r in emulator.journal]
        for text in (*logged, output.out, output.err, str(journal), str(emulator.dump())):
            assert TOKEN not in text

    @pytest.mark.parametrize(
        "failure",
        [
            lambda r: httpx.LocalProtocolError(f"Illegal header value {r.headers.raw!r}"),
            lambda r: httpx.InvalidURL(f"{r.headers.raw!r}"),
            lambda r: httpx.StreamError(f"{r.headers.raw!r}"),
            lambda r: RuntimeError(f"{r.headers.raw!r}"),
            lambda r: ValueError(f"{r.headers.raw!r}"),
            lambda r: OSError(f"{r.headers.raw!r}"),
            lambda r: UnicodeEncodeError("ascii", f"{r.headers.raw!r}", 0, 1, "x"),
        ],
    )
    @pytest.mark.parametrize("call", CALLS)
    def test_of_an_http_library_that_tells_all(self, failure: Callable[[httpx.Request], Exception], call: str) -> None:
        """An exception whose text is the headers, raised from one that has them in its frames."""

        def answer(request: httpx.Request) -> httpx.Response:
            assert TOKEN in repr(request.headers.raw)
            try:
                raise KeyError(request.headers["Authorization"])
            except KeyError as inner:
                raise failure(request) from inner

        error = failure_of(lambda: CALLS[call](client(httpx.MockTransport(answer))))
        assert isinstance(error, errors.NoAnswer)
        assert TOKEN not in everything_of(error)

    def test_the_look_at_everything_finds_a_token(self) -> None:
        """`everything_of` sees a token in a text, in a cause, and in a variable of another file."""

        assert TOKEN in everything_of(ValueError(TOKEN))
        outer = ValueError("x")
        outer.__context__ = ValueError(TOKEN)
        assert TOKEN in everything_of(outer)
        error = failure_of(lambda: subprocess.list2cmdline([TOKEN, 5]))  # type: ignore[list-item]
        assert error is not None
        assert TOKEN in everything_of(error)


class TestObjects:
    """Objects that hold the token do not show it and do not go into a pickle."""

    def test_nothing_shows_it(self, emulator: Emulator) -> None:
        """repr, str and format of the token and of what holds it."""
        settings = config.settings({"hubassoc:accessToken": TOKEN}, {})
        hubspot = HubSpot(settings.connection, transport=emulator.transport())
        for thing in (
            settings,
            settings.connection,
            settings.connection.token,
            hubspot,
            hubspot._reader,
            vars(hubspot._sender),
            vars(hubspot),
        ):
            assert TOKEN not in f"{thing!r} {thing} {thing!s:>3}"

    def test_nothing_that_holds_it_is_pickled(self) -> None:
        """Pulumi keeps pickles in the state; other tools send them to other machines."""
        settings = config.settings({"hubassoc:accessToken": TOKEN}, {})
        for thing, protocol in itertools.product((settings, settings.connection, settings.connection.token), range(6)):
            with pytest.raises(TypeError, match="a token is not pickled"):
                pickle.dumps(thing, protocol)


class TestOtherHosts:
    """The token goes to the base URL and to no other address."""

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_redirect_is_not_followed(self, status: int, emulator: Emulator, portal: Portal) -> None:
        """The other server, which is there and would answer, is not asked at all."""
        other = Emulator(seed=1)
        other.add_portal(token=TOKEN, portal_id=2)
        with emulator.serve() as url, other.serve() as elsewhere:
            emulator.arm(Fault("redirect", status=status, location=f"{elsewhere}/account-info/v3/details", count=None))
            hubspot = client(None, base_url=url)
            for name, call in CALLS.items():
                error = failure_of(lambda call=call: call(hubspot))
                assert isinstance(error, errors.Refused), name
                assert "redirects are not followed" in str(error)
                assert elsewhere not in str(error)
            hubspot.close()
        assert len(emulator.journal) == len(CALLS)
        assert len(other.journal) == 0

    def test_a_proxy_of_the_environment_does_not_see_loopback(
        self, emulator: Emulator, portal: Portal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A proxy would get the token in clear: http has no tunnel."""
        proxy = Emulator(seed=2)
        with emulator.serve() as url, proxy.serve() as proxy_url:
            for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"):
                monkeypatch.setenv(name, proxy_url)
            for name in ("NO_PROXY", "no_proxy"):
                monkeypatch.delenv(name, raising=False)
            hubspot = client(None, base_url=url)
            assert hubspot.account().portal_id == 1001
            hubspot.close()
        assert len(proxy.journal) == 0

    def test_the_token_is_in_one_header_and_nowhere_else(self) -> None:
        """Not in a URL, a body or another header, for every call; only the question about itself has it in its body."""
        requests: list[httpx.Request] = []

        def answer(request: httpx.Request) -> httpx.Response:
            requests.append(request)
            return httpx.Response(400)

        for call in CALLS.values():
            failure_of(lambda call=call: call(client(httpx.MockTransport(answer))))
        assert len(requests) == len(CALLS)
        for request in requests:
            assert request.headers.pop("Authorization") == f"Bearer {TOKEN}"
            assert request.url.scheme == "https"
            body = request.read()
            if request.url.path.endswith("/access-token-info"):
                assert json.loads(body) == {"tokenKey": TOKEN}
                body = b""
            assert TOKEN not in f"{request.url} {request.headers.raw!r} {body!r}"

    def test_a_cookie_is_no_second_token(self) -> None:
        """An answer that sets one makes no difference to what is sent with the token."""
        hubspot = client(answering(200, {"results": []}, {"Set-Cookie": f"t={TOKEN}; Domain=.hubapi.com"}))
        assert hubspot.list_all_limits() == ()
        assert hubspot.list_all_limits() == ()


def test_importing_the_package_costs_no_http_library() -> None:
    """A program that only declares resources loads neither an HTTP client nor a retry library nor a web framework."""
    code = "import sys, pulumi_hubassoc; print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(done.stdout.split())
    assert "pulumi_hubassoc" in loaded
    assert not loaded & {"httpx", "httpcore", "h11", "tenacity", "flask", "werkzeug", "typer", "rich", "cryptography"}
