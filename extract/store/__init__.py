"""The database: tables, migrations, sealing, and the few writers that belong to no other package."""
