from __future__ import annotations

import re
import shutil
import socket
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from models.auth.key_cache import FRESH_SECONDS
from tests.web.program import PATIENCE_SECONDS, Program, serving, told

pytestmark = pytest.mark.processes

REPORT = """mutation ($customer: String!) {
  reportUsage(input: { customer: $customer, feature: "orders", value: 5 }) {
    access { usage { used } }
  }
}"""

USED = """query ($customer: String!) {
  access(customer: $customer, feature: "orders") { usage { used } }
}"""

WHERE = "{ viewer { environment { key kind } } }"


@pytest.fixture
def demo_folder(demo_file: Path, tmp_path: Path) -> Path:
    """A folder with a demo that was started before."""
    shutil.copy(demo_file, tmp_path / "allotment.db")
    return tmp_path


@pytest.fixture(scope="module")
def demo(demo_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A demo that is running; tests leave nothing in it that others would see."""
    folder = tmp_path_factory.mktemp("serving")
    shutil.copy(demo_file, folder / "allotment.db")
    with serving(folder, "--demo") as program:
        yield program


def used(program: Program, customer: str) -> str:
    return str(program.ask(USED, customer=customer).json()["data"]["access"]["usage"]["used"])


def codes(answer: httpx.Response) -> list[str]:
    return [error["extensions"]["code"] for error in answer.json()["errors"]]


def new_key(folder: Path, *options: str) -> str:
    made = told(folder, "keys", "create", *options)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def prefix(key: str) -> str:
    return "_".join(key.split("_")[:2])


def test_the_demo_starts_in_an_empty_folder_and_says_where_it_is(tmp_path: Path) -> None:
    with serving(tmp_path, "--demo") as program:
        assert re.fullmatch(r"Allotment is listening on http://127\.0\.0\.1:\d+\n", program.first_line)
        assert program.ask(WHERE).json()["data"] == {
            "viewer": {"environment": {"key": "demo", "kind": "SANDBOX"}}
        }
        page = httpx.get(f"{program.address}/graphql", headers={"Accept": "text/html"})
        assert page.headers["Content-Type"].startswith("text/html")
        assert httpx.get(f"{program.address}/readyz").json() == {"ready": True}
        assert used(program, "nimbus") == "412"
        program.ask(REPORT, customer="nimbus")

        assert program.stop().splitlines() == [
            f"GraphiQL: {program.address}/graphql",
            f"Pricing page: {program.address}/pricing/app",
            f"A customer's page: {program.address}/portal?customer=meridian",
        ]
        assert program.process.returncode == 0

    with serving(tmp_path, "--demo") as again:
        assert used(again, "nimbus") == "417"


def test_without_the_demo_one_line_is_printed_and_nobody_enters_without_a_key(demo_folder: Path) -> None:
    with serving(demo_folder) as program:
        refused = program.ask(WHERE)

        assert (refused.status_code, codes(refused)) == (401, ["UNAUTHENTICATED"])
        assert program.stop() == ""


def test_several_workers_share_one_database_and_end_together(demo_folder: Path) -> None:
    with serving(demo_folder, "--demo", "--workers", "2") as program:
        for _ in range(10):
            # Each call is a connection of its own, which any of the workers may take.
            program.ask(REPORT, customer="lantern")

        assert used(program, "lantern") == "8264"
        program.stop()
        assert program.process.returncode == 0
        with pytest.raises(httpx.ConnectError):
            program.ask(WHERE)


def test_workers_do_not_outlive_the_program_that_was_killed(demo_folder: Path) -> None:
    with serving(demo_folder, "--demo", "--workers", "2") as program:
        program.process.kill()
        program.process.wait()
        waited = time.monotonic() + PATIENCE_SECONDS
        while is_alive(program):
            assert time.monotonic() < waited


def is_alive(program: Program) -> bool:
    """Whether anybody answers."""
    try:
        return httpx.get(f"{program.address}/healthz").is_success
    except httpx.TransportError:
        return False


def test_several_workers_count_together(demo_folder: Path) -> None:
    with serving(demo_folder, "--demo", "--workers", "2") as program:
        for _ in range(20):
            program.ask("query Where { viewer { kind } }")
        program.ask(REPORT, customer="lantern")
        pages = [httpx.get(f"{program.address}/metrics").text for _ in range(4)]

    for page in pages:
        assert 'allotment_requests_total{kind="query",operation="Where",outcome="OK"} 20.0' in page
        assert "allotment_commit_acts_sum 1.0" in page


def test_limits_are_those_that_are_set(demo_folder: Path) -> None:
    with serving(demo_folder, "--demo", ALLOTMENT_MAX_DEPTH="2", ALLOTMENT_MAX_BODY_BYTES="10") as program:
        assert codes(program.ask(WHERE)) == ["QUERY_TOO_COMPLEX"]


def test_only_trusted_documents_are_executed_where_that_is_set(demo_folder: Path) -> None:
    (demo_folder / "where.graphql").write_text(WHERE)
    settings = {"ALLOTMENT_TRUSTED_DOCUMENTS": ".", "ALLOTMENT_TRUSTED_DOCUMENTS_ONLY": "true"}
    with serving(demo_folder, "--demo", **settings) as program:
        assert "errors" not in program.ask(WHERE).json()
        assert codes(program.ask("{ __typename }")) == ["FORBIDDEN"]


def test_trusted_documents_that_cannot_be_read_are_refused_in_one_line(tmp_path: Path) -> None:
    refused = told(tmp_path, "serve", ALLOTMENT_TRUSTED_DOCUMENTS="gone.json")

    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("Error: gone.json holds no trusted documents: ")
    assert refused.stderr.count("\n") == 1


def test_what_is_under_way_is_finished_before_the_program_ends(demo_folder: Path) -> None:
    body = b'{"query": "{ viewer { kind } }"}'
    head = (
        "POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
    )
    with serving(demo_folder, "--demo") as program:
        port = int(program.address.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as caller:
            caller.sendall(head.encode())
            assert caller.recv(1_000).startswith(b"HTTP/1.1 100 ")
            program.process.terminate()
            caller.sendall(body)

            assert caller.recv(1_000).startswith(b"HTTP/1.1 200 ")
        program.end()
        assert program.process.returncode == 0


def test_a_key_opens_its_environment_until_it_is_revoked(demo: Program) -> None:
    key = new_key(demo.folder, "--environment", "shop", "--name", "back end")
    listed = told(demo.folder, "keys", "list").stdout

    assert demo.ask(WHERE, key=key).json()["data"]["viewer"]["environment"]["key"] == "shop"
    (line,) = [line.split("\t") for line in listed.splitlines() if line.startswith(prefix(key))]
    assert (line[:4], line[5]) == ([prefix(key), "shop", "SECRET", "valid"], "back end")
    assert key not in listed

    assert told(demo.folder, "keys", "revoke", prefix(key)).returncode == 0
    # Another process revoked it: here it may open for so long.
    time.sleep(FRESH_SECONDS)
    refused, again = demo.ask(WHERE, key=key), told(demo.folder, "keys", "revoke", prefix(key))

    assert (refused.status_code, codes(refused)) == (401, ["UNAUTHENTICATED"])
    assert (again.returncode, again.stderr) == (1, f"Error: no valid key has the prefix {prefix(key)}\n")


def test_a_key_is_made_for_a_pricing_page_and_takes_no_scopes(demo: Program) -> None:
    website = new_key(demo.folder, "--environment", "shop", "--kind", "publishable")
    refused = told(
        demo.folder,
        *("keys", "create", "--environment", "shop", "--kind", "publishable", "--scope", "ADMIN"),
    )

    who = demo.ask("{ viewer { kind scopes } }", key=website).json()["data"]["viewer"]
    assert who == {"kind": "PUBLISHABLE", "scopes": []}
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "Error: A publishable key has no scopes: it reads what is published.\n"


def test_a_key_may_do_what_is_named_or_everything(demo: Program) -> None:
    named = new_key(demo.folder, "--environment", "shop", "--scope", "USAGE_WRITE", "--scope", "CATALOG_READ")
    everything = new_key(demo.folder, "--environment", "shop")
    ask = "{ viewer { scopes } }"

    assert demo.ask(ask, key=named).json()["data"]["viewer"]["scopes"] == ["CATALOG_READ", "USAGE_WRITE"]
    assert "ADMIN" in demo.ask(ask, key=everything).json()["data"]["viewer"]["scopes"]


def test_a_wrong_key_opens_nothing_where_no_key_would_do(demo: Program) -> None:
    refused = demo.ask(WHERE, key="sk_0123456789ab_wrong")

    assert (refused.status_code, codes(refused)) == (401, ["UNAUTHENTICATED"])


def test_one_environment_does_not_see_anothers_customer(demo: Program) -> None:
    query = '{ customer(key: "acme") { name } access(customer: "acme", feature: "seats") { reason } }'
    key = new_key(demo.folder, "--environment", "elsewhere")

    assert demo.ask(query).json()["data"] == {
        "customer": {"name": "Acme"},
        "access": {"reason": "WITHIN_LIMIT"},
    }
    assert demo.ask(query, key=key).json()["data"] == {
        "customer": None,
        "access": {"reason": "CUSTOMER_NOT_FOUND"},
    }


def test_a_database_newer_than_the_program_is_refused_in_one_line(demo_folder: Path) -> None:
    with sqlite3.connect(demo_folder / "allotment.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    refused = told(demo_folder, "serve")

    assert refused.returncode == 1
    assert refused.stdout == ""
    assert refused.stderr == "Error: the database is of revision 9999, which this version does not know\n"
