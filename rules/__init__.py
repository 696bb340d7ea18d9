"""Rules: pure functions over frozen values, with no database, no GraphQL and no clock."""
