"""Edits of the catalog: each takes a catalog and an input, and returns the catalog after it.

It owns the creation, update and archiving of products, features, credit types and packages, the drafts of
packages, and their publication. It does not own the facts themselves (`rules.catalog`), edits by whole
documents (`rules.catalog_code`), or what an edit means for customers (`rules.previews`).
"""
