"""A stack's secrets under a passphrase, in the form in which Pulumi's passphrase provider keeps them.

The key is PBKDF2-SHA256 of the passphrase; a ciphertext is AES-256-GCM, written ``v1:<nonce>:<ciphertext>`` in base64;
the state of the provider is ``v1:<salt>:<ciphertext of the word "pulumi">``, so that a wrong passphrase is noticed.
What is encrypted here, the Pulumi CLI decrypts, and the other way round.
"""

from __future__ import annotations

import hashlib
import os
from base64 import b64decode, b64encode
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_hubassoc.engine.interface import EngineError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_ITERATIONS = 1_000_000
_KEY_BYTES = 32
_SALT_BYTES = 8
_NONCE_BYTES = 12
_VERSION = "v1"
_CHECK_WORD = "pulumi"

_WRONG_KEY = (
    "incorrect passphrase: set PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE, to the one this stack was "
    "made with"
)


class PassphraseSecrets:
    """Encrypts and decrypts the secrets of one stack. Make one with `new` or `from_state`.

    Attributes:
        state: what is stored beside the ciphertexts, ``{"salt": "v1:…"}``; it does not hold the passphrase.
    """

    def __init__(self, state: dict[str, str], cipher: AESGCM) -> None:
        self.state = state
        self._cipher = cipher

    @classmethod
    def new(cls, passphrase: str) -> PassphraseSecrets:
        """Begin with a new salt: for a stack that has no secrets yet (about half a second)."""
        salt = os.urandom(_SALT_BYTES)
        cipher = _cipher(passphrase, salt)
        return cls({"salt": f"{_VERSION}:{_base64(salt)}:{_encrypt(cipher, _CHECK_WORD)}"}, cipher)

    @classmethod
    def from_state(cls, state: Mapping[str, str], passphrase: str) -> PassphraseSecrets:
        """Go on with a stack's salt.

        Raises:
            EngineError: the passphrase is wrong, or the state is not one of the passphrase provider.
        """
        try:
            version, salt, proof = state["salt"].split(":", 2)
            cipher = _cipher(passphrase, b64decode(salt, validate=True))
        except (KeyError, ValueError, AttributeError):
            raise EngineError("the stack's encryption salt cannot be read: it is not of the form v1:…") from None
        if version != _VERSION:
            raise EngineError(f"the stack's encryption salt has version {version!r}, and only {_VERSION} is known")
        try:
            right = _decrypt(cipher, proof) == _CHECK_WORD
        except ValueError:
            right = False
        if not right:
            raise EngineError(_WRONG_KEY)
        return cls({"salt": state["salt"]}, cipher)

    def encrypt(self, plaintext: str) -> str:
        """Encrypt a text; the same text gives another ciphertext every time."""
        return _encrypt(self._cipher, plaintext)

    def decrypt(self, ciphertext: str) -> str:
        """Decrypt what `encrypt`, or Pulumi, made with this passphrase and salt.

        Raises:
            EngineError: it was made with another one, or is damaged.
        """
        try:
            return _decrypt(self._cipher, ciphertext)
        except ValueError:
            raise EngineError(
                "a secret of this stack cannot be decrypted: it is damaged, or was encrypted for another stack"
            ) from None

    def __repr__(self) -> str:
        """Nothing but the class: keys and salts are nobody's business."""
        return "PassphraseSecrets()"


def passphrase_from(env: Mapping[str, str]) -> str | None:
    """The passphrase that the environment gives, or None; an empty one counts, as in Pulumi.

    Raises:
        EngineError: `PULUMI_CONFIG_PASSPHRASE_FILE` names a file that cannot be read.
    """
    if "PULUMI_CONFIG_PASSPHRASE" in env:
        return env["PULUMI_CONFIG_PASSPHRASE"]
    if not env.get("PULUMI_CONFIG_PASSPHRASE_FILE"):
        return None
    try:
        return Path(env["PULUMI_CONFIG_PASSPHRASE_FILE"]).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise EngineError(f"cannot read the file of PULUMI_CONFIG_PASSPHRASE_FILE: {why}") from None


@lru_cache(maxsize=16)
def _cipher(passphrase: str, salt: bytes) -> AESGCM:
    """The cipher for a passphrase and a salt; kept, because deriving a key takes half a second on purpose."""
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError:
        raise EngineError("secrets need the cryptography package: pip install 'pulumi-hubassoc[engine]'") from None
    return AESGCM(hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt, _ITERATIONS, _KEY_BYTES))


def _encrypt(cipher: AESGCM, plaintext: str) -> str:
    nonce = os.urandom(_NONCE_BYTES)
    return f"{_VERSION}:{_base64(nonce)}:{_base64(cipher.encrypt(nonce, plaintext.encode(), None))}"


def _decrypt(cipher: AESGCM, ciphertext: str) -> str:
    """The plaintext; ValueError for whatever is wrong with the ciphertext or the key."""
    from cryptography.exceptions import InvalidTag

    version, nonce, sealed = ciphertext.split(":")
    if version != _VERSION:
        raise ValueError("unknown version of ciphertext")
    try:
        return cipher.decrypt(b64decode(nonce, validate=True), b64decode(sealed, validate=True), None).decode()
    except InvalidTag:
        raise ValueError("the key does not fit") from None


def _base64(data: bytes) -> str:
    return b64encode(data).decode("ascii")
