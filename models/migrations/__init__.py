"""The migrations from an empty database to the current tables.

It owns the migrations, how a database is brought to the newest revision, and how the next migration is
drafted. It does not own the tables, which are in the tables.py of each noun and in models/tables.py. A
committed migration is never edited.
"""
