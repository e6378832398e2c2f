"""What an application serves: one world, and the query results that cursors still point into."""

from dataclasses import dataclass, field

from flask import Flask, current_app

from sandbox.api.paging import Listings
from sandbox.world.world import World

_EXTENSION = "sandbox"


@dataclass
class _Served:
    world: World
    listings: Listings = field(default_factory=Listings)


def serve(app: Flask, world: World) -> None:
    """Let the views of an application answer for this world."""
    app.extensions[_EXTENSION] = _Served(world)


def current_world() -> World:
    """The world of the application that handles the present request."""
    return _served().world


def current_listings() -> Listings:
    """The query results that this application keeps for the next pages of its listings."""
    return _served().listings


def _served() -> _Served:
    served: _Served = current_app.extensions[_EXTENSION]
    return served
