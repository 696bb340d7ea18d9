"""The portal: the customer's own page, as facts and words.

It owns what the page shows of subscriptions, limits and credits, the status of a limit, and the page's
wording. It does not own the numbers (`rules.access`, `rules.credits` and `rules.usage` do), loading them
(`resolvers.portal`), or HTML (`server.pages.portal_page`).
"""
