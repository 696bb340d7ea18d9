"""Storage of customers.

It owns the tables of customers, subscriptions and custom entitlements, loads and saves them, counts
subscriptions by version, and finds the customers that an edit of the catalog affects. It does not own
usage, reservations (`models.usage`), credits (`models.credits`) or commands (`models.commands`).
"""
