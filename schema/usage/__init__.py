"""Usage in the graph: reports, events, consumption, reservations, and usage over time.

It owns their types, inputs, mutations and payloads. It does not own the usage of a limit as a check shows
it (`schema.access`).
"""
