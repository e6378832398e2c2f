"""The database: tables, migrations, sealed columns, and when API keys were used."""
