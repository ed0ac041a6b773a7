"""Play the four journeys against a running stack and say whether each ended as it must."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx
from rich.console import Console

from deploy.local.journeys import cap_and_breaker, defaulted_loan, department_view, first_set
from deploy.local.journeys.city import City, JourneyFailed
from deploy.local.journeys.loading import load
from deploy.local.journeys.stage import Stage
from deploy.local.journeys.timeline import Wire

JOURNEYS: tuple[tuple[str, Callable[[Stage], Awaitable[None]]], ...] = (
    ("A guaranteed loan defaults 担保贷款违约", defaulted_loan.play),
    ("What a department may see 部门所见", department_view.play),
    ("A first-set machine is insured 首台套投保", first_set.play),
    ("A cap and a breaker 上限与熔断", cap_and_breaker.play),
)


def play(stack: Mapping[str, Any], *, console: Console) -> bool:
    """Load the example data and play every journey; True only if all ended as they must.

    ``stack`` is the content of ``.run/stack.json``.
    """
    return asyncio.run(_play(stack, console))


async def _play(stack: Mapping[str, Any], console: Console) -> bool:
    city = City(stack["services"], stack["clients"])
    wire = Wire(stack["kafka"]["bootstrap_servers"])
    stage = Stage(city, wire, console)
    try:
        await wire.start()
        await load(stage)
        outcomes = [
            await _one(stage, number, title, journey)
            for number, (title, journey) in enumerate(JOURNEYS, 1)
        ]
    except (JourneyFailed, httpx.HTTPError) as error:
        console.print(f"the example data could not be loaded: {error}", style="red")
        return False
    finally:
        await wire.stop()
        await city.close()
    for (title, _), failure in zip(JOURNEYS, outcomes, strict=True):
        mark = "[green]as expected[/]" if failure is None else f"[red]failed[/]: {failure}"
        console.print(f"  {title}: {mark}", highlight=False)
    return not any(outcomes)


async def _one(
    stage: Stage, number: int, title: str, journey: Callable[[Stage], Awaitable[None]]
) -> str | None:
    """Play one journey; return why it failed, or None."""
    try:
        async with stage.journey(number, title):
            await journey(stage)
    except (JourneyFailed, httpx.HTTPError, KeyError) as error:
        stage.console.print(f"{type(error).__name__}: {error}", style="red", markup=False)
        return f"{type(error).__name__}: {error}"
    return None
