from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from server.cli.main import main
from tests.project.markdown import headings, rows, section
from tests.project.repository import ROOT

PAGE = (ROOT / "docs/cli.md").read_text(encoding="utf-8")


def _commands(group: click.Group, *path: str) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from _commands(command, *path, name)
        else:
            yield " ".join((*path, name)), command


COMMANDS = dict(_commands(main))


def test_every_command_has_its_section_and_no_other_has() -> None:
    assert sorted(headings(PAGE, 2)) == sorted(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_in_short_what_it_does(name: str) -> None:
    assert COMMANDS[name].get_short_help_str()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_and_argument_of_a_command_is_documented(name: str) -> None:
    documented = section(PAGE, name)
    parameters = COMMANDS[name].params
    options = {
        max(one.opts, key=len) for one in parameters if isinstance(one, click.Option) and not one.hidden
    }
    arguments = [one.human_readable_name for one in parameters if isinstance(one, click.Argument)]

    assert {row[0].strip("`") for row in rows(documented)} == options
    assert [argument for argument in arguments if argument not in documented] == []
