from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.web.program import PATIENCE_SECONDS, environment, told

pytestmark = pytest.mark.processes

DOCUMENT = """\
products:
  app: {name: App}
features:
  seats: {name: Seats, type: METERED, unit: {singular: seat, plural: seats}}
plans:
  free:
    name: Free
    product: app
    entitlements:
      - key: seats
        metered: {limit: 3}
"""

LIVE = ("--environment", "live")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an empty environment "live", and a document to fill it with."""
    folder = tmp_path_factory.mktemp("opened")
    made = told(folder, "keys", "create", *LIVE)
    assert made.returncode == 0, made.stderr
    (folder / "catalog.yaml").write_text(DOCUMENT, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def applied(opened: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after the document was applied."""
    folder = Path(shutil.copytree(opened, tmp_path_factory.mktemp("applied"), dirs_exist_ok=True))
    done = catalog(folder, "apply", "catalog.yaml")
    assert (done.returncode, done.stderr) == (0, "")
    (folder / "told.txt").write_text(done.stdout, encoding="utf-8")
    return folder


@pytest.fixture
def folder(opened: Path, tmp_path: Path) -> Path:
    """An empty environment, and a document, for this test alone."""
    return Path(shutil.copytree(opened, tmp_path, dirs_exist_ok=True))


@pytest.fixture
def filled(applied: Path, tmp_path: Path) -> Path:
    """A filled environment, and its document, for this test alone."""
    return Path(shutil.copytree(applied, tmp_path, dirs_exist_ok=True))


def catalog(folder: Path, *command: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command about the catalog of the live environment."""
    return told(folder, "catalog", *command, *LIVE, given=given)


def edited(folder: Path, before: str, after: str) -> None:
    """Edit the document."""
    file = folder / "catalog.yaml"
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after), encoding="utf-8")


def test_a_catalog_is_applied_exported_and_compared(filled: Path) -> None:
    exported = catalog(filled, "export")
    compared = catalog(filled, "diff", "-", given=exported.stdout)

    assert (filled / "told.txt").read_text(encoding="utf-8").splitlines() == [
        "+ products.app    Product App added",
        "+ features.seats  Feature Seats added",
        "+ plans.free      Plan Free added with 1 entitlement",
        "3 changes: 3 added.",
        "The catalog equals the document.",
    ]
    assert exported.stdout.startswith("products:\n  app:\n    name: App\n")
    assert (compared.returncode, compared.stdout, compared.stderr) == (0, "No changes.\n", "")


def test_some_differences_exit_with_2_and_change_nothing(filled: Path) -> None:
    edited(filled, "limit: 3", "limit: 5")

    compared = catalog(filled, "diff", "catalog.yaml")

    assert compared.returncode == 2
    assert compared.stdout.splitlines() == [
        "~ plans.free.entitlements.seats.limit  Free: Seats raised from 3 seats to 5 seats",
        "1 change: 1 changed.",
        "No customers are affected.",
    ]
    assert "limit: 3" in catalog(filled, "export").stdout


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (("diff", "catalog.yaml", "--environment", "nowhere"), "There is no environment 'nowhere'."),
        (("diff", "catalog.yaml"), "Missing option '--environment'."),
        (("diff", "nothing.yaml", *LIVE), "'nothing.yaml' does not exist."),
        (("apply", "latin.yaml", *LIVE), "Line 2: the document is not UTF-8."),
    ],
)
def test_what_is_wrong_exits_with_1_and_says_why(folder: Path, command: tuple[str, ...], reason: str) -> None:
    (folder / "latin.yaml").write_bytes(b"products:\n  caf\xe9: {}\n")

    done = told(folder, "catalog", *command)

    assert (done.returncode, done.stdout) == (1, "")
    assert reason in done.stderr


def test_every_problem_has_a_line_of_its_own(folder: Path) -> None:
    edited(folder, "limit: 3", "limit: -3")
    edited(folder, "key: seats", "key: chairs")
    edited(folder, "name: Free", "nmae: Free")

    refused = catalog(folder, "apply", "catalog.yaml")

    assert refused.returncode == 1
    assert refused.stderr.splitlines() == [
        "Error: Line 6, column 3: 'name' is required.",
        "Line 7, column 5: Unknown field 'nmae' here; 'name' may be meant.",
        "Line 10, column 9: There is no feature or credit type 'chairs'.",
    ]
    assert catalog(folder, "export").stdout == "{}\n"


def test_a_file_is_written_and_read_in_the_format_of_its_name(filled: Path) -> None:
    written = catalog(filled, "export", "catalog.json")
    compared = catalog(filled, "diff", "catalog.json")

    assert (written.returncode, written.stdout) == (0, "")
    document = json.loads((filled / "catalog.json").read_text(encoding="utf-8"))
    assert document["plans"]["free"]["name"] == "Free"
    assert compared.returncode == 0


def test_the_format_can_be_said(filled: Path) -> None:
    written = catalog(filled, "export", "--format", "json")

    assert json.loads(written.stdout)["products"] == {"app": {"name": "App"}}
    assert catalog(filled, "diff", "--format", "json", given=written.stdout).returncode == 0


def test_what_is_left_out_is_archived_where_that_is_asked_for(filled: Path) -> None:
    nothing = "products: {app: {name: App}}"

    assert catalog(filled, "diff", "--prune", given=nothing).stdout.splitlines() == [
        "~ features.seats.status  Feature Seats is archived",
        "~ plans.free.archived    Plan Free is archived",
        "2 changes: 2 changed.",
        "No customers are affected.",
    ]
    assert catalog(filled, "apply", "--prune", given=nothing).returncode == 0
    assert "archived: true" in catalog(filled, "export").stdout


def test_new_versions_can_be_for_new_customers_only(filled: Path) -> None:
    text = (filled / "catalog.yaml").read_text(encoding="utf-8")
    # Some editors put a byte order mark at the beginning.
    (filled / "catalog.yaml").write_text(text.replace("limit: 3", "limit: 5"), encoding="utf-8-sig")

    done = catalog(filled, "apply", "catalog.yaml", "--apply-to", "new")

    assert done.returncode == 0
    with closing(sqlite3.connect(filled / "allotment.db")) as database:
        scopes = database.execute("SELECT scope FROM package_versions ORDER BY number").fetchall()
    assert scopes == [("ALL_CUSTOMERS",), ("NEW_CUSTOMERS",)]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such terminals")
def test_people_at_a_terminal_see_how_far_it_is(folder: Path) -> None:
    controller, terminal = os.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "server", "catalog", "apply", "catalog.yaml", *LIVE],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=terminal,
        check=True,
        timeout=PATIENCE_SECONDS,
    )
    os.close(terminal)
    shown = os.read(controller, 65_536).decode()
    os.close(controller)

    assert b"3 changes" in done.stdout
    assert "Applying" in shown
    assert "100%" in shown
