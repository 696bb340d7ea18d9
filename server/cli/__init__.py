"""The command line: one module for each group of commands.

It owns the table of commands, how a command gets its settings, its database and its event loop, and the
process that serves. Each command is imported when it is called, so that none waits for another's imports. It
does not own the application that is served (`server.app`) or the settings (`server.config`).
"""
