"""What a question or an act costs with a short past and with a long one, measured in turns."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from statistics import median
from time import perf_counter

TIMES = 200
ROUNDS = 5


async def microseconds(do: Callable[[], Awaitable[object]]) -> float:
    """Do something many times; gives what one time took."""
    begun = perf_counter()
    for _ in range(TIMES):
        await do()
    return (perf_counter() - begun) / TIMES * 1e6


async def measured(what: str, do: Callable[[str], Awaitable[object]]) -> None:
    """Print what something takes for the customer ``short`` and for the customer ``long``."""
    taken: dict[str, list[float]] = {"short": [], "long": []}
    for _ in range(ROUNDS):
        for name, times in taken.items():
            times.append(await microseconds(lambda name=name: do(name)))  # type: ignore[misc]
    short, long = median(taken["short"]), median(taken["long"])
    print(f"  {what:<22} {short:>8,.0f} us   {long:>8,.0f} us   {long / short:.2f}")
