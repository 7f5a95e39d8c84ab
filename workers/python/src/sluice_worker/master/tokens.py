"""Who may come in as which worker: tokens, the credentials made from them, and the names that belong to them."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

#: How credentials begin: they are told from tokens by it.
CREDENTIAL_PREFIX = "sluice_wc_"
WORKER_ID_CHARS_MAX = 200
#: What workers say of themselves, whatever their token says.
_OWN_LABELS = ("os=", "arch=", "libc=", "runtime=")


@dataclass(frozen=True)
class WorkerToken:
    """Lets one worker join, under the first name it gives. What it fixes holds for the credential made from it."""

    secret: str
    #: Labels that the worker may announce, as patterns (`zone=*`); None allows all.
    labels: Sequence[str] | None = None
    #: How keys of the state and names of locks must begin that the worker may use; None allows all.
    state_prefixes: Sequence[str] | None = None


@dataclass(frozen=True)
class Permit:
    """What a worker was let in with."""

    token: WorkerToken | None
    #: Given for a token, to come back with.
    credential: str | None = None

    def may_use(self, key: str) -> bool:
        """Whether a key of the state, or the name of a lock, is within the token's prefixes."""
        prefixes = self.token.state_prefixes if self.token is not None else None
        return prefixes is None or any(key.startswith(prefix) for prefix in prefixes)


@dataclass(frozen=True)
class Refusal:
    """Why somebody was not let in, in words for the worker."""

    reason: str


class Door:
    """Judges HELLO. Without tokens everybody is let in, which is for masters on loopback only."""

    def __init__(self, tokens: Iterable[str | WorkerToken]) -> None:
        found = [WorkerToken(token) if isinstance(token, str) else token for token in tokens]
        if any(token.secret == "" or token.secret.startswith(CREDENTIAL_PREFIX) for token in found):
            raise ValueError(f"a token is not empty and does not begin with {CREDENTIAL_PREFIX}")
        self._tokens = found
        #: Nobody has to show anything.
        self.open = not found
        #: Name by secret: a token belongs to the first worker that came with it.
        self._bound: dict[str, str] = {}

    def admit(self, worker_id: str, shown: str | None, labels: Sequence[str]) -> Permit | Refusal:
        """Judges what a worker shows."""
        if len(worker_id) > WORKER_ID_CHARS_MAX:
            return Refusal(f"A worker's name has at most {WORKER_ID_CHARS_MAX} characters.")
        if self.open:
            return Permit(None)
        if shown is None:
            return Refusal("A token is needed.")
        token = self._token_of(worker_id, shown)
        if token is None:
            return Refusal("The token is not valid.")
        if self._bound.get(token.secret, worker_id) != worker_id:
            return Refusal("The token belongs to another worker_id; each worker needs a token of its own.")
        if any(name == worker_id and secret != token.secret for secret, name in self._bound.items()):
            return Refusal(f"The worker_id {worker_id!r} belongs to another token.")
        foreign = next((label for label in labels if not _allowed(label, token.labels)), None)
        if foreign is not None:
            return Refusal(f"The token does not allow the label {foreign!r}.")
        self._bound[token.secret] = worker_id
        return Permit(token, None if shown.startswith(CREDENTIAL_PREFIX) else credential_of(token.secret, worker_id))

    def revoke(self, secret: str) -> WorkerToken | None:
        """The token lets nobody in any more, nor does the credential made from it. None where it is not known."""
        token = next((each for each in self._tokens if hmac.compare_digest(each.secret, secret)), None)
        if token is not None:
            self._tokens.remove(token)
            self._bound.pop(secret, None)
        return token

    def _token_of(self, worker_id: str, shown: str) -> WorkerToken | None:
        found = None
        credential = shown.startswith(CREDENTIAL_PREFIX)
        # All are compared, each in constant time: how long it takes says nothing.
        for token in self._tokens:
            wanted = credential_of(token.secret, worker_id) if credential else token.secret
            if hmac.compare_digest(wanted.encode(), shown.encode("utf-8", "replace")):
                found = token
        return found


def credential_of(secret: str, worker_id: str) -> str:
    """HMAC-SHA256 of the name under the token: bound to both, and the same after the master was started again."""
    return CREDENTIAL_PREFIX + hmac.new(secret.encode(), worker_id.encode(), hashlib.sha256).hexdigest()


def _allowed(label: str, patterns: Sequence[str] | None) -> bool:
    return patterns is None or label.startswith(_OWN_LABELS) or any(fnmatchcase(label, each) for each in patterns)
