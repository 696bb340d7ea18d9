"""The steps from an empty database to the tables of today; models/migrate.py takes them."""
