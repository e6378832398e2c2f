"""GET /v1/databases/{id} and GET /v1/data_sources/{id}."""

from flask import Blueprint

from sandbox.api.gate import Door
from sandbox.api.viewer import Viewer
from sandbox.present.objects import present_data_source, present_database
from sandbox.world.records import Json


def databases_api(door: Door) -> Blueprint:
    api = Blueprint("databases", __name__)

    @api.get("/v1/databases/<database_id>", endpoint="database")
    @door.api("database")
    def database(viewer: Viewer, database_id: str) -> Json:
        return present_database(viewer, viewer.state.databases[door.visible(viewer, "database", database_id)])

    @api.get("/v1/data_sources/<data_source_id>", endpoint="data_source")
    @door.api("data_source")
    def data_source(viewer: Viewer, data_source_id: str) -> Json:
        identifier = door.visible(viewer, "data_source", data_source_id)
        return present_data_source(viewer, viewer.state.data_sources[identifier])

    return api
