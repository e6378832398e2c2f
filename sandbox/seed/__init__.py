"""A believable company to practise on."""

from sandbox.seed.company import seed_company

__all__ = ["seed_company"]
