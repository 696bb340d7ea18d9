"""Which rules of time zones a program uses, and what two programs with different ones do to one database."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import tzdata  # type: ignore[import-untyped]

from server.time_zones import Used, newest, release_of
from tests.rules.builders.zone_files import written, zone_file
from tests.web.program import PATIENCE_SECONDS, Program, environment, serving, told

DECEMBER = {
    "America/Vancouver": "2026-12-01T07:00:00+00:00",
    "America/Edmonton": "2026-12-01T06:00:00+00:00",
    "America/Inuvik": "2026-12-01T06:00:00+00:00",
    "America/Winnipeg": "2026-12-01T05:00:00+00:00",
    "America/Havana": "2026-12-01T04:00:00+00:00",
    "Africa/Casablanca": "2026-12-01T00:00:00+00:00",
}
"""When December begins by rules of autumn 2026."""

AS_BEFORE = {
    "America/Vancouver": -480,
    "America/Edmonton": -420,
    "America/Inuvik": -420,
    "America/Winnipeg": -360,
    "America/Havana": -300,
    "Africa/Casablanca": 60,
}
"""Minutes by which clocks were off in winter by older rules."""

ASKING = """
import json, sys
from datetime import UTC, datetime
import server
from babel.dates import get_timezone
from rules.periods import period_at
from rules.values import Reset, ResetAnchor, ResetInterval
month = Reset(every=ResetInterval.MONTH, anchor=ResetAnchor.CALENDAR)
at = datetime(2026, 12, 15, tzinfo=UTC)
starts = {zone: period_at(month, anchor=at, timezone=zone, at=at).start for zone in sys.argv[1:]}
for zone, start in starts.items():
    assert start.astimezone(get_timezone(zone)).hour == 0, zone
print(json.dumps({zone: start.isoformat() for zone, start in starts.items()}))
"""


def starts_of_december(zones: Path) -> dict[str, str]:
    """Ask a program, on a machine whose zones are in a folder, when December begins."""
    asked = subprocess.run(
        [sys.executable, "-c", ASKING, *DECEMBER],
        env=environment(PYTHONTZPATH=str(zones)),
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_SECONDS,
    )
    found: dict[str, str] = json.loads(asked.stdout)
    return found


def old_machine(folder: Path, release: str | None) -> Path:
    """The zones of a machine by rules of before autumn 2026, which say of which release they are, or not."""
    return written(folder / "zoneinfo", {n: zone_file(m) for n, m in AS_BEFORE.items()}, release)


@pytest.mark.parametrize("release", ["2025b", None])
def test_the_package_wins_over_a_machine_that_is_older_or_does_not_say(
    tmp_path: Path, release: str | None
) -> None:
    assert starts_of_december(old_machine(tmp_path, release)) == DECEMBER


def test_a_machine_without_any_zones_has_those_of_the_package(tmp_path: Path) -> None:
    assert starts_of_december(tmp_path / "nothing") == DECEMBER


def test_a_machine_that_is_newer_than_the_package_wins(tmp_path: Path) -> None:
    folder = written(tmp_path, {"America/Havana": zone_file(-60)}, "2099a")

    assert starts_of_december(folder) == {**DECEMBER, "America/Havana": "2026-12-01T01:00:00+00:00"}


def test_a_folder_names_its_release_in_one_of_two_files(tmp_path: Path) -> None:
    for name, line in {
        "debian/tzdata.zi": "# version 2025b\n",
        "mac/+VERSION": "2026c\n",
        "odd/+VERSION": "?",
    }.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(line)

    found = {name: release_of(tmp_path / name) for name in ("debian", "mac", "odd", "nowhere")}

    assert found == {"debian": "2025b", "mac": "2026c", "odd": None, "nowhere": None}
    folders = [tmp_path / name for name in found]
    assert newest(folders, "2026f") == Used(release="2026f")
    assert newest(folders, "2026b") == Used(release="2026c", folder=tmp_path / "mac")
    assert newest(folders, "2026c") == Used(release="2026c")


ZONE, ELSEWHERE = "Africa/Casablanca", "Europe/Berlin"
AT = "2026-12-31T23:30:00Z"
"""An hour at which it is January by the newer rules, and still December by the package's."""

SHOP = """\
products:
  app: {name: App}
creditTypes:
  ai: {name: AI credits, unit: {singular: credit, plural: credits}}
features:
  calls: {name: Calls, type: METERED, unit: {singular: call, plural: calls}}
plans:
  basic:
    name: Basic
    product: app
    entitlements:
      - key: calls
        metered: {limit: 10, reset: {every: MONTH, anchor: CALENDAR}}
      - key: ai
        credit: {amount: 100, cadence: MONTHLY}
"""

ENTER = """mutation ($who: String!, $zone: String!, $at: DateTime) {
  upsertCustomer(input: { key: $who, timezone: $zone }) { userErrors { message } }
  subscribe(input: { customer: $who, plan: "basic", startAt: $at }) { userErrors { message } }
}"""
ADVANCE = "mutation ($to: DateTime!) { advanceClock(input: { to: $to }) { userErrors { message } } }"
CONSUME = """mutation ($who: String!, $n: Decimal!) {
  consume(input: { customer: $who, feature: "calls", quantity: $n }) { consumed userErrors { message } }
}"""
USED = """query ($who: String!) { access(customer: $who, feature: "calls") { usage {
  used period { start end } } } }"""
LEDGER = """query ($who: String!) { customer(key: $who) { creditLedger(creditType: "ai", first: 100) {
  nodes { kind amount occurredAt } } } }"""


class Programs:
    """Programs on one database, each with the zones of its own machine."""

    def __init__(self, folder: Path, url: str, stack: ExitStack) -> None:
        self._folder, self._url, self._stack = folder, url, stack
        self.key = ""

    def begin(self, name: str, zones: Path) -> Program:
        """Start one."""
        folder = self._folder / name
        folder.mkdir()
        settings = {"ALLOTMENT_DATABASE_URL": self._url, "PYTHONTZPATH": str(zones)}
        if not self.key:
            made = told(folder, "keys", "create", "--environment", "test", "--sandbox", **settings)
            assert made.returncode == 0, made.stderr
            self.key = made.stdout.strip()
            applied = told(folder, "catalog", "apply", "--environment", "test", given=SHOP, **settings)
            assert applied.returncode == 0, applied.stderr
        return self._stack.enter_context(serving(folder, **settings))

    def does(self, program: Program, document: str, **variables: object) -> Any:  # noqa: ANN401 - as it says
        """Ask for something that works."""
        answer = program.ask(document, key=self.key, **variables).json()
        assert "errors" not in answer, answer
        for payload in answer["data"].values():
            assert not payload.get("userErrors"), answer
        return answer["data"]

    def refused(self, program: Program, document: str, **variables: object) -> list[str]:
        """Ask for something that fails; give the codes."""
        answer = program.ask(document, key=self.key, **variables).json()
        return [error["extensions"]["code"] for error in answer["errors"]]

    def verified(self) -> str:
        """Verify the database."""
        result = told(self._folder, "verify", ALLOTMENT_DATABASE_URL=self._url)
        assert result.returncode in {0, 1}, result.stderr
        return result.stdout


@pytest.fixture
def programs(tmp_path: Path, database_url: str) -> Iterator[Programs]:
    """Programs that end with the test."""
    with ExitStack() as stack:
        yield Programs(tmp_path, database_url, stack)


def lines(program: Program) -> list[dict[str, Any]]:
    """What a program has logged."""
    return [json.loads(line) for line in (program.folder / "log.txt").read_text().splitlines()]


def newer_machine(folder: Path, **clocks: bytes) -> Path:
    """A machine with newer rules, by which clocks of Casablanca go back to what they were."""
    moved = datetime(2026, 12, 20, tzinfo=UTC)
    zones = {ZONE: zone_file(60, [(datetime(2026, 9, 20, tzinfo=UTC), 0), (moved, 60)]), **clocks}
    return written(folder / "zones of tomorrow", zones, "2099a")


def status(program: Program) -> tuple[int, Any]:
    """What a program says of being ready."""
    ready = httpx.get(f"{program.address}/readyz")
    return ready.status_code, ready.json()


@pytest.mark.processes
def test_the_older_of_two_takes_no_acts_where_they_differ_and_goes_on_elsewhere(
    programs: Programs, tmp_path: Path
) -> None:
    older = programs.begin("older", old_machine(tmp_path, "2025b"))
    for key, zone in (("acme", ZONE), ("berlin", ELSEWHERE)):
        programs.does(older, ENTER, who=key, zone=zone)
    programs.does(older, ADVANCE, to=AT)
    assert programs.does(older, CONSUME, who="acme", n="10")["consume"]["consumed"]
    assert status(older) == (200, {"ready": True})

    newer = programs.begin("newer", newer_machine(tmp_path))

    assert programs.does(newer, CONSUME, who="acme", n="10")["consume"]["consumed"] is False
    assert programs.does(newer, USED, who="acme")["access"]["usage"] == {
        "used": "10",
        "period": {"start": "2026-12-31T23:00:00Z", "end": "2027-01-31T23:00:00Z"},
    }
    assert programs.refused(older, CONSUME, who="acme", n="1") == ["INTERNAL_SERVER_ERROR"]
    assert programs.does(older, CONSUME, who="berlin", n="10")["consume"]["consumed"]
    assert programs.does(newer, CONSUME, who="berlin", n="1")["consume"]["consumed"] is False
    assert status(older) == (503, {"ready": False})
    assert status(newer) == (200, {"ready": True})
    assert programs.verified() == ""

    (said,) = [line for line in lines(newer) if line.get("before") == tzdata.IANA_VERSION]
    assert (said["level"], said["rules"]) == ("warning", "2099a")
    assert any(line.get("zones") == [ZONE] and line.get("newest") == "2099a" for line in lines(older))


@pytest.mark.processes
def test_two_go_on_where_their_rules_agree_about_all_customers(programs: Programs, tmp_path: Path) -> None:
    older = programs.begin("older", tmp_path / "nothing")
    programs.does(older, ENTER, who="berlin", zone=ELSEWHERE)
    newer = programs.begin("newer", newer_machine(tmp_path))

    for program in (older, newer, older):
        assert programs.does(program, CONSUME, who="berlin", n="1")["consume"]["consumed"]
        assert status(program) == (200, {"ready": True})

    # With the first customer in a zone of which they differ, the older is not ready any more.
    programs.does(newer, ENTER, who="acme", zone=ZONE)
    assert status(older) == (503, {"ready": False})
    assert programs.refused(older, ENTER, who="other", zone=ZONE) == ["INTERNAL_SERVER_ERROR"]
    again = programs.begin("again", tmp_path / "nothing")
    assert status(again) == (503, {"ready": False})


@pytest.mark.processes
def test_a_restart_with_newer_rules_gives_a_months_credits_once(programs: Programs, tmp_path: Path) -> None:
    older = programs.begin("older", tmp_path / "nothing")
    programs.does(older, ADVANCE, to="2026-12-05T00:00:00Z")
    programs.does(older, ENTER, who="acme", zone=ZONE, at="2026-05-31T23:00:00Z")
    before = programs.does(older, LEDGER, who="acme")["customer"]["creditLedger"]["nodes"]
    older.stop()

    newer = programs.begin("newer", newer_machine(tmp_path))
    programs.does(newer, ADVANCE, to="2027-01-15T00:00:00Z")
    after = programs.does(newer, LEDGER, who="acme")["customer"]["creditLedger"]["nodes"]

    new = [entry for entry in after if entry not in before]
    assert sorted((entry["kind"], entry["amount"], entry["occurredAt"]) for entry in new) == [
        ("EXPIRED", "-100", "2026-12-31T23:00:00Z"),
        ("GRANTED", "100", "2026-12-31T23:00:00Z"),
    ]
    assert programs.verified() == ""


@pytest.mark.processes
def test_a_program_says_at_the_start_and_to_prometheus_which_rules_it_uses(tmp_path: Path) -> None:
    with serving(tmp_path, PYTHONTZPATH=str(tmp_path)) as program:
        page = httpx.get(f"{program.address}/metrics").text
        program.stop()

    release = tzdata.IANA_VERSION
    assert f'allotment_time_zone_rules{{release="{release}",source="tzdata"}} 1.0' in page
    (said,) = [line for line in lines(program) if line["event"] == "the rules of time zones"]
    assert (said["release"], said["source"]) == (release, "tzdata")
