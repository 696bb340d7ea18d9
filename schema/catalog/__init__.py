"""The catalog in the graph: products, features, credit types, packages, rows and prices.

It owns their types, inputs, queries, mutations and payloads. It does not own the catalog as a document
(`schema.catalog_code`), pricing tables (`schema.pricing`) or what an edit would do (`schema.previews`).
"""
