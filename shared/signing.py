"""Signatures (Ed25519, RFC 8032) over what a service vouches for."""

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_SEED_BYTES = 32


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature and the public key that it is checked with, 64 and 32 bytes."""

    signature: bytes
    public_key: bytes

    @property
    def key_id(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of the public key."""
        return hashlib.sha256(self.public_key).hexdigest()[:16]

    def holds(self, statement: bytes) -> bool:
        """Tell whether the key's owner signed exactly this."""
        key = Ed25519PublicKey.from_public_bytes(self.public_key)
        try:
            key.verify(self.signature, statement)
        except InvalidSignature:
            return False
        return True


class Signer:
    """Signs with one private key."""

    def __init__(self, seed: str) -> None:
        """``seed`` is the private key: 32 bytes in base64; raises ``ValueError`` for others."""
        try:
            raw = base64.b64decode(seed, validate=True)
        except binascii.Error as error:
            raise ValueError("a signing key is 32 bytes in base64") from error
        if len(raw) != _SEED_BYTES:
            raise ValueError("a signing key is 32 bytes in base64")
        self._key = Ed25519PrivateKey.from_private_bytes(raw)
        self.public_key = self._key.public_key().public_bytes_raw()

    def sign(self, statement: bytes) -> Signature:
        """Sign a statement; the same statement always has the same signature."""
        return Signature(self._key.sign(statement), self.public_key)
