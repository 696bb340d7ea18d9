"""``python -m server``."""

from server.cli import run

run()
