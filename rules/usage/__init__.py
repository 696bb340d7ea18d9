"""Usage: how much of a limit is used, reserved and left.

It owns the window in which usage counts, counters, limits, the properties of an event, reservations as
facts, and usage over time as a series. It does not own calendar arithmetic (`rules.periods`), the
entitlement that sets a limit (`rules.customers`), or commands that record usage (`rules.commands`).
"""
