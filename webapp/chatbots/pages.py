"""Chatbots: where `/` leads, creating and renaming them, and their API keys."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from peewee import prefetch

from extract.errors import Refused
from extract.store.models import ApiKey, Chatbot
from webapp import clean_text
from webapp.access import current_org, needs, open_chatbot, own_chatbot, own_key
from webapp.api.keys import make_key
from webapp.http.security_log import SecurityEvent, record
from webapp.page import chatbot_home, problem, runtime, toast
from webapp.roles import Role
from webapp.shown_once import show_once, shown_once

blueprint = Blueprint("chatbots", __name__)


@blueprint.get("/")
@needs(Role.MEMBER)
def home() -> ResponseReturnValue:
    """Redirect to the knowledge base of the chatbot last used."""
    chatbot = open_chatbot()
    return redirect(chatbot_home(chatbot) if chatbot else url_for("settings.page"), code=303)


@blueprint.get("/settings/chatbots")
@needs(Role.ADMIN)
def index() -> ResponseReturnValue:
    """Show the chatbots with their keys. The text of a new key is shown once."""
    chatbots = current_org().chatbots.order_by(Chatbot.name, Chatbot.id)
    keys = ApiKey.select().where(ApiKey.revoked_at.is_null()).order_by(ApiKey.created_at, ApiKey.id)
    return render_template(
        "chatbots/index.html",
        found=prefetch(chatbots, keys),
        fresh=shown_once("key"),
        public_url=runtime().config.public_url,
    )


@blueprint.post("/chatbots")
@needs(Role.ADMIN)
def create() -> ResponseReturnValue:
    """Create a chatbot with an empty knowledge base."""
    try:
        name = clean_text.clean_name(request.form.get("name", ""), "Give the chatbot a name.")
    except Refused as error:
        problem(error.sentence)
        return redirect(url_for("chatbots.index"), code=303)
    chatbot = Chatbot.create(organisation=current_org(), name=name, created_at=runtime().clock())
    toast(f"{chatbot.name} is ready. Import what it should know.")
    return redirect(chatbot_home(chatbot), code=303)


@blueprint.post("/chatbots/<int:chatbot_id>/rename")
@needs(Role.ADMIN)
def rename(chatbot_id: int) -> ResponseReturnValue:
    """Rename a chatbot."""
    chatbot = own_chatbot(chatbot_id)
    try:
        chatbot.name = clean_text.clean_name(request.form.get("name", ""), "A chatbot needs a name.")
    except Refused as error:
        problem(error.sentence)
    else:
        chatbot.save(only=[Chatbot.name])
        toast("The name is saved.")
    return redirect(url_for("chatbots.index"), code=303)


@blueprint.post("/chatbots/<int:chatbot_id>/keys")
@needs(Role.ADMIN)
def create_key(chatbot_id: int) -> ResponseReturnValue:
    """Create an API key; its text is shown on the next page."""
    chatbot = own_chatbot(chatbot_id)
    name = request.form.get("name", "").strip() or "API key"
    key, secret = make_key(chatbot, name, runtime().clock())
    record(SecurityEvent.KEY_MADE, key_id=key.id, chatbot_id=chatbot.id)
    show_once("key", f"{key.id} {secret}")
    return redirect(url_for("chatbots.index", _anchor=f"chatbot-{chatbot.id}"), code=303)


@blueprint.route("/keys/<int:key_id>/revoke", methods=["GET", "POST"])
@needs(Role.ADMIN)
def revoke_key(key_id: int) -> ResponseReturnValue:
    """Ask first; then revoke a key. Whoever uses it gets no more answers."""
    key = own_key(key_id)
    if request.method != "POST":
        return render_template("chatbots/revoke_key.html", key=key)
    if key.revoked_at is None:
        key.revoked_at = runtime().clock()
        key.save(only=[ApiKey.revoked_at])
        record(SecurityEvent.KEY_REVOKED, key_id=key.id, chatbot_id=key.chatbot_id)
    toast(f"{key.name} is revoked.")
    return redirect(url_for("chatbots.index"), code=303)
