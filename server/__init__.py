"""How it runs: HTTP, settings, command line, pages."""
