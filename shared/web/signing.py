"""What signs for the service, for the routes that need it."""

from typing import Annotated

from fastapi import Depends, Request

from shared.errors import Conflict
from shared.signing import Signer


class SigningKeyMissing(Conflict):
    """The service was started without a key."""

    code = "signing-key-missing"
    title_zh = "未配置签名密钥"
    title_en = "No signing key"
    action_zh = "请运营方配置 TONGZHOU_SIGNING_KEY 后重启服务。"
    action_en = "Let the operator set TONGZHOU_SIGNING_KEY and start the service again."


def _signer(request: Request) -> Signer:
    signer: Signer | None = request.app.state.signer
    if signer is None:
        raise SigningKeyMissing("the service has no signing key")
    return signer


Signing = Annotated[Signer, Depends(_signer)]
