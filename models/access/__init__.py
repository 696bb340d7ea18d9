"""Access checks, as they are read: as few statements and as much caching as possible.

It owns the probe, one statement that reads every revision and counter a check needs, and the caches of this
process, each keyed by a revision. It does not own the decision (`rules.access`) or the tables that the
probe reads (`models.customers`, `models.usage` and others).
"""
