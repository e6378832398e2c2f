"""The picker: choosing pages and databases of a workspace, and importing them."""
