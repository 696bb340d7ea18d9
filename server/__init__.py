"""How it runs: HTTP, settings, command line, pages."""

from server.time_zones import use_newest_rules

# Every program begins here, its workers too, and no zone is loaded before.
use_newest_rules()
