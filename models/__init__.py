"""What is kept: tables, their queries, and the two doors to the database."""
