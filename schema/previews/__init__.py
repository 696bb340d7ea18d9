"""Previews in the graph: what a publish or a change of plan would do.

It owns the queries and the types of an impact. It does not own the comparison of catalogs in words
(`schema.catalog.changes`) or the rules of an impact (`rules.previews`).
"""
