"""How it runs: HTTP, WebSockets, settings, command line, pages."""

from server.time_zones import use_newest_rules

# Every process, workers included, starts here, before any zone is loaded.
use_newest_rules()
