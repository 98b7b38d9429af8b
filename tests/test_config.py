"""Settings: each from the configuration and from the environment, the configuration first, and sentences for bad ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_hubassoc.config import ENVIRONMENT, Settings, expected_portal_id, settings
from pulumi_hubassoc.errors import ConfigError
from pulumi_hubassoc.hubspot import facts
from tests.conftest import TOKEN

GOOD: dict[str, tuple[str, Any]] = {
    "accessToken": ("pat-eu1-another", "pat-eu1-another"),
    "portalId": ("42", 42),
    "accountTypes": ("developer_test, SANDBOX", ("DEVELOPER_TEST", "SANDBOX")),
    "baseUrl": ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
    "apiVersion": ("2026-09", "2026-09"),
    "timeoutSeconds": ("2.5", 2.5),
    "patienceSeconds": ("120", 120.0),
    "preflight": ("false", False),
    "labelsPerPair": ("10", 10),
    "spendingFile": ("/var/tmp/spent", Path("/var/tmp/spent")),
    "dailyShare": ("0.25", 0.25),
}
"""A value of each setting as text, and what it means."""
BAD = {
    "accessToken": "two words",
    "portalId": "abc",
    "accountTypes": "STANDARD,WHATEVER",
    "baseUrl": "https://example.com",
    "apiVersion": "v5",
    "timeoutSeconds": "soon",
    "patienceSeconds": "-1",
    "preflight": "perhaps",
    "labelsPerPair": "0",
    "spendingFile": "not/absolute",
    "dailyShare": "1.5",
}
DEFAULTS: dict[str, Any] = {
    "accessToken": TOKEN,
    "portalId": None,
    "accountTypes": (),
    "baseUrl": "https://api.hubapi.com",
    "apiVersion": "v4",
    "timeoutSeconds": 30.0,
    "patienceSeconds": 60.0,
    "preflight": True,
    "labelsPerPair": 50,
    "spendingFile": None,
    "dailyShare": 1.0,
}


def read(key: str, config: dict[str, Any], environment: dict[str, str]) -> Any:
    """The value of one setting; a token is set unless that is the one."""
    with_token = {"hubassoc:accessToken": TOKEN} if key != "accessToken" else {}
    found = settings({**with_token, **config}, environment)
    connection = found.connection
    return {
        "accessToken": connection.token.reveal(),
        "portalId": found.portal_id,
        "accountTypes": found.account_types,
        "baseUrl": connection.base_url,
        "apiVersion": connection.api_version,
        "timeoutSeconds": connection.timeout_s,
        "patienceSeconds": connection.patience_s,
        "preflight": found.preflight,
        "labelsPerPair": found.labels_per_pair,
        "spendingFile": connection.spending_file,
        "dailyShare": connection.daily_share,
    }[key]


def test_the_tables_here_have_every_setting() -> None:
    """A setting that is new must be tested too."""
    assert GOOD.keys() == BAD.keys() == DEFAULTS.keys() == ENVIRONMENT.keys()


@pytest.mark.parametrize("key", ENVIRONMENT)
class TestEachSetting:
    """What holds for all settings alike."""

    def test_it_is_read_from_the_configuration(self, key: str) -> None:
        """`pulumi config set hubassoc:<key>`."""
        text, meant = GOOD[key]
        assert read(key, {f"hubassoc:{key}": text}, {}) == meant

    def test_it_is_read_from_the_environment(self, key: str) -> None:
        """The variable of the table in the module's docstring."""
        text, meant = GOOD[key]
        assert read(key, {}, {ENVIRONMENT[key]: text}) == meant

    def test_the_configuration_wins(self, key: str) -> None:
        """Even over a variable that could not be used."""
        text, meant = GOOD[key]
        assert read(key, {f"hubassoc:{key}": text}, {ENVIRONMENT[key]: BAD[key]}) == meant

    @pytest.mark.parametrize("blank", ["", "  ", "\n"])
    def test_blank_is_not_set(self, key: str, blank: str) -> None:
        """A blank value of the configuration leaves room for the environment, and blank there for the default."""
        text, meant = GOOD[key]
        assert read(key, {f"hubassoc:{key}": blank}, {ENVIRONMENT[key]: text}) == meant
        if key != "accessToken":
            assert read(key, {f"hubassoc:{key}": blank}, {ENVIRONMENT[key]: blank}) == DEFAULTS[key]

    def test_white_space_around_it_does_not_count(self, key: str) -> None:
        """A token read from a file ends in a line break."""
        text, meant = GOOD[key]
        assert read(key, {f"hubassoc:{key}": f" {text}\r\n"}, {}) == meant

    def test_a_bad_one_is_said_with_its_key(self, key: str) -> None:
        """The sentence names the key of the configuration and what to do, on one line."""
        with pytest.raises(ConfigError, match=rf"hubassoc:{key}\b.* — ") as raised:
            read(key, {f"hubassoc:{key}": BAD[key]}, {})
        assert str(raised.value).isprintable()

    def test_a_bad_one_is_said_with_its_variable(self, key: str) -> None:
        """The sentence names the variable where the value came from there."""
        with pytest.raises(ConfigError, match=rf"the environment variable {ENVIRONMENT[key]}\b"):
            read(key, {}, {ENVIRONMENT[key]: BAD[key]})

    def test_a_token_under_the_wrong_key_is_not_shown(self, key: str) -> None:
        """Somebody sets the token as portal id, base URL or version: the sentence still has no token in it."""
        secret = "pat-na1-0123456789abcdef-0123-4567-89ab-cdef01234567"
        values = [secret, f"https://{secret}", f"http://{secret}@127.0.0.1", f"https://api.hubapi.com/?{secret}"]
        for value in values if key != "accessToken" else [f"{secret} {secret}"]:
            with pytest.raises(ConfigError) as raised:
                read(key, {f"hubassoc:{key}": value}, {})
            assert secret[:16].lower() not in str(raised.value).lower()


class TestToken:
    """The token is needed, and looked at no further than whether it can be one."""

    def test_without_one_the_sentence_says_where_it_goes(self) -> None:
        """Key and variable, and the command."""
        with pytest.raises(ConfigError) as raised:
            settings({}, {})
        assert "pulumi config set --secret hubassoc:accessToken" in str(raised.value)
        assert "HUBSPOT_ACCESS_TOKEN" in str(raised.value)

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            (f'"{TOKEN}"', "is in quotes"),
            (f"'{TOKEN}'", "is in quotes"),
            (f"Bearer {TOKEN}", "begins with the word Bearer"),
        ],
    )
    def test_what_was_copied_along_is_said(self, text: str, words: str) -> None:
        """Before HubSpot is asked, and without a letter of the token."""
        with pytest.raises(ConfigError, match=words) as raised:
            settings({}, {"HUBSPOT_ACCESS_TOKEN": text})
        assert TOKEN not in str(raised.value)

    @pytest.mark.parametrize("text", [f" {TOKEN}", f"{TOKEN}\n", f"\t{TOKEN}\r\n"])
    def test_white_space_around_it_is_nothing(self, text: str) -> None:
        """As a shell or an editor leaves it."""
        assert settings({}, {"HUBSPOT_ACCESS_TOKEN": text}).connection.token.reveal() == TOKEN

    @pytest.mark.parametrize("token", ["x", "pat-na1-0b8b", "CKfYx.~+/=_-", "!" * 2048])
    def test_no_form_is_required(self, token: str) -> None:
        """Private apps, service keys and OAuth have tokens of different forms, and HubSpot may have more."""
        assert settings({"hubassoc:accessToken": token}, {}).connection.token.reveal() == token


@pytest.mark.parametrize("key", ["portalID", "portlId", "portal_id", "accesToken", "PortalId"])
def test_a_misspelled_key_is_refused(key: str) -> None:
    """A `portalId` in other letters would guard nothing, and nobody would notice."""
    with pytest.raises(ConfigError, match=rf"hubassoc:{key} is no setting — write hubassoc:(portalId|accessToken)"):
        settings({"hubassoc:accessToken": TOKEN, f"hubassoc:{key}": "1001"}, {})


def test_other_keys_of_the_namespace_are_let_be() -> None:
    """They may be those of a program whose project is called so."""
    assert settings({"hubassoc:accessToken": TOKEN, "hubassoc:dealsPerCompany": "5"}, {})


class TestNumbers:
    """Numbers may be texts or, from an explicit provider, floats."""

    @pytest.mark.parametrize("value", [1001, 1001.0, "1001", " 1001 "])
    def test_a_portal_id_is_a_whole_number(self, value: object) -> None:
        """Pulumi sends every number as a float."""
        assert settings({"hubassoc:accessToken": TOKEN, "hubassoc:portalId": value}, {}).portal_id == 1001
        assert expected_portal_id({"hubassoc:portalId": value}, {}) == 1001

    @pytest.mark.parametrize(
        "value", [0, -1, 1.5, "1.5", "1e3", True, float("nan"), float("inf"), "9" * 30, "9" * 5000]
    )
    def test_what_is_no_portal_id(self, value: object) -> None:
        """Said by `settings`; `expected_portal_id`, which a diff uses, leaves it to that."""
        config = {"hubassoc:accessToken": TOKEN, "hubassoc:portalId": value}
        with pytest.raises(ConfigError, match=r"hubassoc:portalId is .* — use a number greater than 0"):
            settings(config, {})
        assert expected_portal_id(config, {}) is None

    @pytest.mark.parametrize("key", ["timeoutSeconds", "patienceSeconds"])
    @pytest.mark.parametrize("value", [0, -0.5, "nan", "inf", "-inf", "1e999", 86_401, "1,5", True, "9" * 5000])
    def test_what_is_no_time(self, key: str, value: object) -> None:
        """More than a day would not fit into what sockets take, and helps nobody."""
        with pytest.raises(ConfigError, match=f"hubassoc:{key} is "):
            settings({"hubassoc:accessToken": TOKEN, f"hubassoc:{key}": value}, {})


class TestBaseUrl:
    """The token goes to HubSpot's hosts over https, or to this machine, and nowhere else."""

    @pytest.mark.parametrize(
        ("url", "meant"),
        [
            ("https://api.hubapi.com", "https://api.hubapi.com"),
            ("https://api.hubapi.com/", "https://api.hubapi.com"),
            ("https://api.hubapi.com:443", "https://api.hubapi.com"),
            ("HTTPS://API.HUBAPI.COM", "https://api.hubapi.com"),
            ("https://api-eu1.hubapi.com", "https://api-eu1.hubapi.com"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://127.8.9.10", "http://127.8.9.10"),
            ("http://localhost:1", "http://localhost:1"),
            ("http://[::1]:8080", "http://[::1]:8080"),
        ],
    )
    def test_allowed(self, url: str, meant: str) -> None:
        """HubSpot's API hosts, loopback."""
        assert read("baseUrl", {"hubassoc:baseUrl": url}, {}) == meant

    @pytest.mark.parametrize(
        "url",
        [
            "http://api.hubapi.com",
            "https://api.hubapi.com:8443",
            "https://hubapi.com",
            "https://evil.hubapi.com",
            "https://api.hubapi.com.evil.example",
            "https://api.hubapi.com\n.evil.example",
            "https://api.hubapi.com\\@evil.example",
            "https://api.hubapi.com@evil.example",
            "https://api.hubapi.com:443@evil.example",
            "https://evil.example/api.hubapi.com",
            "https://evil.example#api.hubapi.com",
            "https://аpi.hubapi.com",
            "https://api.hubapi。com.evil.example",
            "https://user:hunter2secret@api.hubapi.com",
            "https://api.hubapi.com/crm",
            "https://api.hubapi.com?hunter2secret=1",
            "https://api.hubapi.com#hunter2secret",
            "https://127.0.0.1",
            "https://api-.hubapi.com",
            "http://127.0.0.1.nip.io",
            "http://127.0.0.1@evil.example",
            "http://0.0.0.0",
            "http://10.0.0.1",
            "http://169.254.169.254",
            "http://2130706433",
            "http://[::1%25eth0]",
            "http://[::ffff:10.0.0.1]",
            "http://localhost.evil.example",
            "http://127.0.0.1:99999",
            "http://[::1",
            "http://127.0.0.1/x",
            "http://user@127.0.0.1",
            "ftp://127.0.0.1",
            "file:///etc/passwd",
            "//127.0.0.1",
            "127.0.0.1",
            "api.hubapi.com",
            "unix:/x",
        ],
    )
    def test_refused(self, url: str) -> None:
        """Nothing of the value is repeated: it may hold a password."""
        with pytest.raises(ConfigError) as raised:
            read("baseUrl", {"hubassoc:baseUrl": url}, {})
        assert "hunter2secret" not in str(raised.value)
        assert "evil" not in str(raised.value)

    @given(st.text() | st.from_regex(r"https?://[^/]*(hubapi\.com|127\.0\.0\.1)[^/]*/?"))
    def test_whatever_is_taken_leads_to_an_allowed_host(self, url: str) -> None:
        """A value is refused, or becomes one of few forms."""
        try:
            taken = read("baseUrl", {"hubassoc:baseUrl": url}, {})
        except ConfigError:
            return
        scheme, _, rest = taken.partition("://")
        host = rest.rpartition(":")[0] or rest
        if scheme == "https":
            assert rest == "api.hubapi.com" or (rest.startswith("api-") and rest.endswith(".hubapi.com"))
            assert not set(rest) & set("/@?#\\ %")
        else:
            assert host in {"localhost", "[::1]"} or host.startswith(("127.", "[::ffff:127.")) or rest == "[::1]"


class TestAccountTypes:
    """Which types of portal are allowed."""

    @pytest.mark.parametrize("kind", facts.ACCOUNT_TYPES)
    def test_each_type_of_hubspots(self, kind: str) -> None:
        """In any case, alone or with others, empty places left out."""
        assert read("accountTypes", {"hubassoc:accountTypes": f" ,{kind.lower()},"}, {}) == (kind,)


def test_equal_settings_are_one_portal() -> None:
    """Providers of one process share a portal by their settings: equal ones hash alike, and a token does not show."""
    one, two = (settings({"hubassoc:accessToken": TOKEN}, {}) for _ in range(2))
    other = settings({"hubassoc:accessToken": TOKEN + "x"}, {})
    assert isinstance(one, Settings)
    assert len({one, two, other}) == 2
    assert TOKEN not in repr(one)


@given(
    st.dictionaries(st.sampled_from([f"hubassoc:{k}" for k in ENVIRONMENT]), st.text() | st.floats() | st.booleans())
)
def test_any_configuration_is_taken_or_refused_in_a_sentence(config: dict[str, Any]) -> None:
    """Nothing but `ConfigError` comes out, on one line."""
    said = ""
    try:
        settings(config, {})
    except ConfigError as error:
        said = str(error)
    assert said.isprintable()
    expected_portal_id(config, {})
