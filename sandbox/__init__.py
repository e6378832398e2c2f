"""A Notion workspace on one's own machine: Notion's API over HTTP, a consent screen, and pages to edit."""

from sandbox.app import create_app
from sandbox.seed import seed_company
from sandbox.world.limits import RateLimit
from sandbox.world.world import World

__all__ = ["RateLimit", "World", "create_app", "seed_company"]
