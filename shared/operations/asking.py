"""Ask for an operation: tried first where it can be, then noted for a second person to decide."""

from shared.db.database import Transaction
from shared.errors import Malformed, Violation
from shared.messaging import process, requests
from shared.messaging.requests import Operation, Wish
from shared.operations import redrive
from shared.operations.operator import Operator
from shared.operations.rebuild import ReadModel
from shared.operations.redrive import Selection


class ReadModelUnknown(Malformed):
    """The service declares no read model of that name."""

    code = "read-model-unknown"
    title_zh = "读模型不存在"
    title_en = "No such read model"


class NoTimer(Malformed):
    """The process waits for a person or another service, not for a timer of its own."""

    code = "process-without-timer"
    title_zh = "该流程当前没有定时器"
    title_en = "The process waits for no timer"


async def ask_redrive(
    work: Transaction, operator: Operator, selection: Selection, *, reason: str, by: str
) -> Operation:
    """Ask for a redrive, with what it would do now; raises NothingParked."""
    preview = await redrive.preview(operator.database, operator.applier, selection)
    target = selection.target()
    return await requests.request(
        work, Wish(kind="redrive", target=target, preview=preview, reason=reason, by=by)
    )


async def ask_rebuild(
    work: Transaction, operator: Operator, read_model: str, *, reason: str, by: str
) -> Operation:
    """Ask for a read model to be rebuilt; raises :class:`ReadModelUnknown`."""
    model = declared(operator, read_model)
    preview = {"tables": list(model.tables), "topics": model.topics}
    target = {"read_model": read_model}
    return await requests.request(
        work, Wish(kind="rebuild", target=target, preview=preview, reason=reason, by=by)
    )


def declared(operator: Operator, read_model: str) -> ReadModel:
    """Return a read model of the service; raises :class:`ReadModelUnknown`."""
    known = [model.name for model in operator.read_models]
    if read_model not in known:
        raise ReadModelUnknown(
            f"no read model {read_model!r}",
            violations=(
                Violation(
                    code="read_model",
                    zh=f"本服务的读模型:{'、'.join(known) or '无'}",
                    en=f"this service's read models: {', '.join(known) or 'none'}",
                    field="/read_model",
                    actual=read_model,
                ),
            ),
        )
    return operator.read_model(read_model)


async def resume(
    work: Transaction, operator: Operator, kind: str, process_id: str, *, reason: str, by: str
) -> Operation:
    """Send a process's timer once more and tell of it; the process itself decides what follows.

    One person may: a timer that comes twice changes nothing. Raises ProcessUnknown, or
    :class:`NoTimer` where the process waits for none.
    """
    if not await process.resume(work, operator.processes, kind, process_id):
        raise NoTimer(f"process {kind} {process_id} waits for no timer")
    target = {"kind": kind, "id": process_id}
    wish = Wish(kind="resume", target=target, preview={}, reason=reason, by=by)
    operation = await requests.request(work, wish)
    return await requests.carried_out(work, operation, {"timers": 1}, service=operator.service)
