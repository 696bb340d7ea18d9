"""Customers in the graph, with their subscriptions and custom entitlements.

It owns their types, enums, inputs, mutations and payloads, and the sources of what a customer is entitled
to. It does not own a customer's usage (`schema.usage`), credits (`schema.credits`) or access
(`schema.access`); it only shows fields for them.
"""
