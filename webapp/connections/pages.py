"""The Notion connections of an organisation: list them, disconnect one."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from peewee import JOIN, fn

from extract import actions
from extract.store.models import Connection, Source
from webapp.access import current_org, needs, open_chatbot, own_connection
from webapp.http.security_log import SecurityEvent, record
from webapp.page import runtime, toast
from webapp.picker import cache
from webapp.roles import Role

blueprint = Blueprint("connections", __name__)


@blueprint.get("/settings/connections")
@needs(Role.ADMIN)
def index() -> ResponseReturnValue:
    """Show the connections with their state and how many sources each has."""
    counted = (
        Connection.select(Connection, fn.COUNT(Source.id).alias("source_count"))
        .join(Source, JOIN.LEFT_OUTER)
        .where(Connection.organisation == current_org())
        .group_by(Connection)
        .order_by(Connection.created_at, Connection.id)
    )
    return render_template("connections/index.html", connections=list(counted), chatbot=open_chatbot())


@blueprint.route("/notion/connections/<int:connection_id>/disconnect", methods=["GET", "POST"])
@needs(Role.ADMIN)
def disconnect(connection_id: int) -> ResponseReturnValue:
    """Ask first and say what stays; then delete both tokens. What was imported still answers."""
    connection = own_connection(connection_id)
    if request.method != "POST":
        sources = Source.select().where(Source.connection == connection).count()
        return render_template("connections/disconnect.html", connection=connection, sources=sources)
    actions.disconnect(runtime(), connection)
    record(SecurityEvent.NOTION_DISCONNECTED, connection_id=connection.id)
    cache.forget(runtime().redis, connection.id)
    toast(f"{connection.workspace_name or 'The workspace'} is disconnected. What was imported still answers.")
    return redirect(url_for("connections.index"), code=303)
