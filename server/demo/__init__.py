"""The demo: a sandbox with a catalog, customers and usage, all of them invented.

It owns what is sold, who buys it, and how the sandbox is filled through the resolvers that mutations call. It
does not own the sample operations of GraphiQL (`server.pages`).
"""
