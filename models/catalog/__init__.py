"""The catalog between its tables and its facts.

It owns the tables of products, features, credit types, packages and their versions, loads a catalog
whole, and saves what an edit changed. It does not own what makes a catalog valid (`rules.catalog` and
`rules.catalog_edits`) or who is affected by an edit (`models.customers`).
"""
