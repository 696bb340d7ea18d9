"""The catalog: products, features, credit types, and packages with their published versions.

It owns the facts, inheritance from base plans, the validation of single things, and the words in which
customers read a value. It does not own edits (`rules.catalog_edits`), the catalog as a document
(`rules.catalog_code`), or what a package means to a subscription (`rules.customers`).
"""
