"""What a process holds is let go of when it ends, in order and to the last."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from models.database.transactions import Database
from resolvers.context import Replica, Services
from server.app import create_app

IN_ORDER = ["listening", "commands", "keys", "database", "replica", "rates"]


@dataclass
class Stubborn:
    """Something that says no when it is closed."""

    name: str
    asked: list[str]

    async def close(self) -> None:
        """Note who was asked, and fail."""
        self.asked.append(self.name)
        raise OSError(self.name)

    settle = close


async def test_everything_is_closed_whatever_each_of_it_says(database: Database) -> None:
    asked: list[str] = []
    parts: dict[str, Any] = {name: Stubborn(name, asked) for name in IN_ORDER}
    services = Services.on(database)
    parts["replica"] = Replica(database=parts["replica"], glances=services.glances)
    rates = parts.pop("rates")
    app = create_app(replace(services, **parts), rates=rates)

    with pytest.raises(OSError, match="rates"):
        async with app.router.lifespan_context(app):
            assert asked == []

    assert asked == IN_ORDER
