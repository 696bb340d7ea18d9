"""The database: its transactions, and all differences between SQLite and PostgreSQL.

It owns the transactions read() and write(), the engines, connections outside the pool, column types, and
the codec between facts and rows. It does not own any table or query of the domain; each noun's folder
beside this one does. Migrations are in `models.migrations`.
"""
