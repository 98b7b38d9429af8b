"""The secrets of one stack: made with the passphrase when the first one is written, opened when the first one is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_hubassoc.engine.interface import EngineError, NotSupported
from pulumi_hubassoc.engine.passphrase import PassphraseSecrets, passphrase_from

_NOTHING_TO_KEEP_UNDER = (
    "the stack holds secrets, and there is no passphrase to keep them under: "
    "set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE"
)


class StackSecrets:
    """Encrypts and decrypts for one stack.

    Args:
        env: where the passphrase is looked for.
        salt: the stack's encryption salt, if it has one already.
    """

    def __init__(self, env: Mapping[str, str], salt: str | None = None) -> None:
        self._env = env
        self.salt = salt
        self._cipher: PassphraseSecrets | None = None

    def use(self, provider: Mapping[str, Any] | None) -> None:
        """Go on with the secrets provider that a deployment names.

        Raises:
            NotSupported: it is not Pulumi's passphrase provider.
        """
        if not provider:
            return
        if provider.get("type") != "passphrase":
            raise NotSupported(
                f"the stack's secrets are kept by {provider.get('type')!r}; the built-in engine opens those of the "
                "passphrase provider only: use the Pulumi CLI"
            )
        salt = provider["state"]["salt"]
        if salt != self.salt:
            self.salt, self._cipher = salt, None

    @property
    def provider(self) -> dict[str, Any] | None:
        """What a deployment says of its secrets provider; None as long as there are no secrets."""
        return {"type": "passphrase", "state": {"salt": self.salt}} if self.salt else None

    def require(self) -> None:
        """Make sure that a secret could be written; raises as `encrypt`."""
        if self._cipher is None and passphrase_from(self._env) is None:
            raise EngineError(_NOTHING_TO_KEEP_UNDER)

    def encrypt(self, plaintext: str) -> str:
        """Encrypt a text.

        Raises:
            EngineError: there is no passphrase, or it is wrong.
        """
        return self._open().encrypt(plaintext)

    def decrypt(self, ciphertext: str) -> str:
        """Decrypt a text; raises as `encrypt`."""
        return self._open().decrypt(ciphertext)

    def _open(self) -> PassphraseSecrets:
        if self._cipher is None:
            passphrase = passphrase_from(self._env)
            if passphrase is None:
                raise EngineError(_NOTHING_TO_KEEP_UNDER)
            if self.salt:
                self._cipher = PassphraseSecrets.from_state({"salt": self.salt}, passphrase)
            else:
                self._cipher = PassphraseSecrets.new(passphrase)
                self.salt = self._cipher.state["salt"]
        return self._cipher
