"""Pricing tables: the plans of a product side by side.

It owns which plans, prices and rows a table shows, and the call to action of each plan. It does not own
the wording of single values (`rules.catalog`), whether a customer may change plan (`rules.commands`), or
the page around the table (`server.pages.pricing_page`).
"""
