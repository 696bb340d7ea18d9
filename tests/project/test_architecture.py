"""The map of the code leads where it says: its trips are what runs, and what it names is there."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.project.repository import ROOT
from tests.project.trips import TRIPS, Recorder, recorder

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
STEP = re.compile(r"^\d+\. `([\w/]+\.py:[\w.]+)`", re.MULTILINE)


@pytest.fixture
def recording() -> Iterator[Recorder]:
    """A recorder that is there before the threads of the database are."""
    with recorder() as recording:
        yield recording


def steps(trip: str) -> list[str]:
    """The steps of a trip as the page has them."""
    _, _, rest = PAGE.partition(f"\n### {trip}\n")
    return STEP.findall(re.split(r"\n##", rest, maxsplit=1)[0])


@pytest.mark.parametrize("trip", TRIPS)
async def test_a_trip_runs_as_the_map_says(
    recording: Recorder, demo_client: httpx.AsyncClient, trip: str
) -> None:
    if trip == "A check":
        await TRIPS[trip](demo_client)
    with recording.on():
        await TRIPS[trip](demo_client)

    called, expected = list(recording.called), steps(trip)
    assert len(expected) > 8
    assert [step for step in expected if step not in called] == []
    assert sorted(expected, key=called.index) == expected


def test_every_trip_of_the_map_is_tried() -> None:
    _, _, trips = PAGE.partition("\n## Five trips\n")

    assert re.findall(r"^### (.+)$", trips.partition("\n## ")[0], re.MULTILINE) == list(TRIPS)
