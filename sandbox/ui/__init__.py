"""The practice workspace's own pages: read, edit, share, and the consent screen."""
