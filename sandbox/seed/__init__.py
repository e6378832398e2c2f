"""The workspace of an invented company, for practice."""

from sandbox.seed.company import seed_company

__all__ = ["seed_company"]
