"""Signatures hold for exactly what was signed, and keys are what they should be."""

import base64

import pytest

from shared.signing import Signature, Signer

SEED = base64.b64encode(bytes(range(32))).decode()


class TestSigner:
    def test_signs_the_same_for_the_same_and_holds_for_nothing_else(self) -> None:
        signed = Signer(SEED).sign(b"a")

        assert signed == Signer(SEED).sign(b"a")
        assert signed.holds(b"a")
        assert not signed.holds(b"b")
        other = Signer(base64.b64encode(bytes(32)).decode())
        assert not Signature(signed.signature, other.public_key).holds(b"a")

    @pytest.mark.parametrize("seed", ["", "x", base64.b64encode(bytes(31)).decode(), "é" * 32])
    def test_refuses_what_is_no_key(self, seed: str) -> None:
        with pytest.raises(ValueError, match=r"32 bytes in base64|ASCII"):
            Signer(seed)
