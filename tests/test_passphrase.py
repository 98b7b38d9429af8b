"""Secrets are kept as Pulumi's passphrase provider keeps them: what one encrypts, the other reads."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pulumi_hubassoc.engine.interface import EngineError
from pulumi_hubassoc.engine.passphrase import PassphraseSecrets, passphrase_from

# Made by the Pulumi CLI 3.260.0 for a stack with an invented passphrase: its encryption salt, two secret values of
# its configuration, and two secret outputs of its deployment (there the plaintext is JSON).
PASSPHRASE = "correct horse battery staple"
SALT = "v1:ir81tMCHtTo=:v1:OaBMNTxw8/4WxhUj:IuCY3jg8Ie3G4dusOO8SqBRt2wuBzg=="
MADE_BY_PULUMI = [
    ("v1:IrMQ6LNlwBA4A07Y:B8NSLwPWvUM8XiEOPNAnruLe1Mhud+E2C0AsdU5+DE2c", "an invented value"),
    ("v1:D5UkFXYAyw7BWmCL:m9MrGbc+BL/E4NDpdN6dPg==", ""),
    ("v1:eadw88Xo5ISpDEvY:uBnZAwNYo+4fTmUd5sTefHFiOKE0SxHJUjsgPIU=", '"grüß Gott"'),
    ("v1:JFztq6w1ZPMqRpjE:I55T9zf1dapAqNCfeBnn266k5qhqsB+8mebJE2Gt", '{"a":[1,null]}'),
]


@pytest.mark.parametrize(("ciphertext", "plaintext"), MADE_BY_PULUMI)
def test_reads_what_pulumi_encrypted(ciphertext: str, plaintext: str) -> None:
    """Ciphertexts of the real CLI are decrypted with its salt and the passphrase."""
    assert PassphraseSecrets.from_state({"salt": SALT}, PASSPHRASE).decrypt(ciphertext) == plaintext


@pytest.mark.cli
@pytest.mark.skipif(shutil.which("pulumi") is None, reason="the Pulumi CLI is not on PATH")
def test_pulumi_reads_what_is_encrypted_here(tmp_path: Path) -> None:
    """The real CLI accepts our salt as a stack's own and shows the value we encrypted."""
    secrets = PassphraseSecrets.new(PASSPHRASE)
    (tmp_path / "backend").mkdir()
    (tmp_path / "Pulumi.yaml").write_text("name: safe\nruntime: python\n")
    env = os.environ | {
        "PULUMI_BACKEND_URL": (tmp_path / "backend").as_uri(),
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }

    def pulumi(*args: str) -> str:
        command = ["pulumi", *args, "--non-interactive", "--stack", "dev"]
        return subprocess.run(command, cwd=tmp_path, env=env, check=True, capture_output=True, text=True).stdout

    pulumi("stack", "init")
    (tmp_path / "Pulumi.dev.yaml").write_text(
        f"encryptionsalt: {secrets.state['salt']}\n"
        f"config:\n  safe:word: {{secure: '{secrets.encrypt('Türschloss')}'}}\n"
    )
    assert json.loads(pulumi("config", "--show-secrets", "--json"))["safe:word"]["value"] == "Türschloss"


def test_a_new_salt_reads_its_own_secrets_later() -> None:
    """What was encrypted under a new salt is decrypted from the stored state and the passphrase alone."""
    secrets = PassphraseSecrets.new("")
    ciphertext = secrets.encrypt("grüß Gott")
    assert PassphraseSecrets.from_state(secrets.state, "").decrypt(ciphertext) == "grüß Gott"


def test_the_same_text_never_gives_the_same_ciphertext() -> None:
    """Every encryption takes a nonce of its own."""
    secrets = PassphraseSecrets.from_state({"salt": SALT}, PASSPHRASE)
    assert secrets.encrypt("x") != secrets.encrypt("x")


def test_a_wrong_passphrase_is_noticed_at_once() -> None:
    """The salt's proof does not open with another passphrase, and the sentence says what to set."""
    with pytest.raises(EngineError, match=r"^incorrect passphrase: set PULUMI_CONFIG_PASSPHRASE"):
        PassphraseSecrets.from_state({"salt": SALT}, "not this one")


@pytest.mark.parametrize(
    "state", [{}, {"salt": ""}, {"salt": "v1:only"}, {"salt": "v1:!:v1:a:b"}, {"salt": "v9:aa==:x"}]
)
def test_a_salt_of_another_form_is_refused(state: dict[str, str]) -> None:
    """A state that Pulumi's passphrase provider never writes gives a sentence."""
    with pytest.raises(EngineError, match="encryption salt"):
        PassphraseSecrets.from_state(state, PASSPHRASE)


@pytest.mark.parametrize(
    "ciphertext",
    [
        "",
        "v1:IrMQ6LNlwBA4A07Y",
        "v2:IrMQ6LNlwBA4A07Y:B8NSLwPWvUM8XiEOPNAnruLe1Mhud+E2C0AsdU5+DE2c",
        "v1:IrMQ6LNlwBA4A07Y:C8NSLwPWvUM8XiEOPNAnruLe1Mhud+E2C0AsdU5+DE2c",
        "v1::B8NSLwPWvUM8XiEOPNAnruLe1Mhud+E2C0AsdU5+DE2c",
    ],
)
def test_a_damaged_secret_is_refused(ciphertext: str) -> None:
    """A ciphertext that is cut short, changed, or of another version never decrypts to something."""
    with pytest.raises(EngineError, match="cannot be decrypted"):
        PassphraseSecrets.from_state({"salt": SALT}, PASSPHRASE).decrypt(ciphertext)


def test_the_object_shows_nothing() -> None:
    """Neither passphrase nor salt is in the text that a log or a traceback would show."""
    secrets = PassphraseSecrets.from_state({"salt": SALT}, PASSPHRASE)
    assert repr(secrets) == str(secrets) == "PassphraseSecrets()"


def test_the_passphrase_comes_from_the_environment(tmp_path: Path) -> None:
    """The variable goes before the file, an empty variable is a passphrase, and a file's white space is cut off."""
    file = tmp_path / "phrase"
    file.write_text(" from the file\n")
    assert passphrase_from({}) is None
    assert passphrase_from({"PULUMI_CONFIG_PASSPHRASE_FILE": ""}) is None
    assert passphrase_from({"PULUMI_CONFIG_PASSPHRASE_FILE": str(file)}) == "from the file"
    assert passphrase_from({"PULUMI_CONFIG_PASSPHRASE": "", "PULUMI_CONFIG_PASSPHRASE_FILE": str(file)}) == ""


def test_a_passphrase_file_that_is_not_there_is_named_by_its_variable(tmp_path: Path) -> None:
    """The sentence says which variable is wrong."""
    with pytest.raises(EngineError, match="PULUMI_CONFIG_PASSPHRASE_FILE: No such file"):
        passphrase_from({"PULUMI_CONFIG_PASSPHRASE_FILE": str(tmp_path / "nothing")})
