"""Storage: tables, their queries, and the transactions of the database."""
