"""The journeys of ``make run``: the example city lends, loses, shares and is told."""

from deploy.local.journeys.player import play

__all__ = ["play"]
