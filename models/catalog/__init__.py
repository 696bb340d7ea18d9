"""Storage of the catalog.

It owns the tables of products, features, credit types, packages and their versions, loads a whole catalog,
and saves what an edit changed. It does not own what makes a catalog valid (`rules.catalog` and
`rules.catalog_edits`) or who is affected by an edit (`models.customers`).
"""
