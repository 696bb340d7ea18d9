"""Customers: who they are, their subscriptions and custom entitlements, and what these grant.

It owns the facts of a customer, the terms of a subscription at an instant, and the effective entitlement,
which combines every source that applies to a feature. It does not own commands (`rules.commands`), counted
usage (`rules.usage`) or credits (`rules.credits`).
"""
