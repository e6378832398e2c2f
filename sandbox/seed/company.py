"""Lumen Coffee, a roastery that ships beans and a brewing app: its workspace, written over the past weeks."""

from sandbox.seed.calendar import Calendar
from sandbox.seed.databases import write_databases
from sandbox.seed.handbook import write_handbook
from sandbox.seed.international import write_international
from sandbox.seed.product import write_product
from sandbox.seed.runbooks import write_runbooks
from sandbox.world.world import World

PEOPLE = ("Jonas Weber", "Priya Raman", "Tomás Ferreira", "Aiko Tanaka", "Layla Haddad")


def seed_company(world: World) -> World:
    """Fill a world with the company and hand it back; times lie in the weeks before the world's now."""
    calendar = Calendar(world)
    with world.lock, calendar:
        calendar.days_ago(63, 9)
        workspace = world.workspace("Lumen Coffee", user="Mara Lindqvist", icon="☕")
        for name in PEOPLE:
            workspace.user(name, f"{name.split()[0].lower()}@lumencoffee.example")
        write_handbook(workspace, calendar)
        write_product(workspace, calendar)
        write_runbooks(workspace, calendar)
        write_databases(workspace, calendar)
        write_international(workspace, calendar)
    return world
