"""Change notifications, which wake the live subscriptions of every process.

It owns the notifications of this process and the listener that hears what other processes write. It does
not own the state that a subscriber is sent (`resolvers.live.subscriptions`) or which change is visible
(`rules.live`).
"""
