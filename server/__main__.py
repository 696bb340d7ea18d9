"""``python -m server``."""

from server.cli.main import run

run()
