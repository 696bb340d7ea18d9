"""The demo."""

from resolvers.context import Services
from resolvers.environments import ensure_environment


async def fill(services: Services) -> int:
    """Fill the environment ``demo``."""
    return (await ensure_environment(services, "demo", sandbox=True)).number
