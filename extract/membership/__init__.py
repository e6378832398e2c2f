"""Which source holds which document, and which columns of a database are left out."""
