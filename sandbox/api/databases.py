"""GET /v1/databases/{id} and GET /v1/data_sources/{id}."""

from flask import Blueprint

from sandbox.api.checks import visible_id
from sandbox.api.endpoint import endpoint
from sandbox.present.objects import present_data_source, present_database
from sandbox.present.viewer import Viewer
from sandbox.state.records import Json

blueprint = Blueprint("databases", __name__)


@blueprint.get("/v1/databases/<database_id>")
@endpoint("database")
def database(viewer: Viewer, database_id: str) -> Json:
    """One database with the data sources that the viewer can see."""
    return present_database(viewer, viewer.state.databases[visible_id(viewer, "database", database_id)])


@blueprint.get("/v1/data_sources/<data_source_id>")
@endpoint("data_source")
def data_source(viewer: Viewer, data_source_id: str) -> Json:
    """One data source with its schema."""
    identifier = visible_id(viewer, "data_source", data_source_id)
    return present_data_source(viewer, viewer.state.data_sources[identifier])
