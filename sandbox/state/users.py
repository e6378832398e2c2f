"""Users in the API's JSON: people, and the bot of a grant."""

from sandbox.state.records import Grant, Json, User, Workspace


def present_user(user: User) -> Json:
    """A person in full."""
    return {
        "object": "user",
        "id": user.id,
        "name": user.name,
        "avatar_url": user.avatar_url,
        "type": "person",
        "person": {"email": user.email, "email_verified": True},
    }


def partial_user(identifier: str) -> Json:
    """A user of whom only the id is shown."""
    return {"object": "user", "id": identifier}


def present_bot(grant: Grant, owner: User, workspace: Workspace, integration_name: str) -> Json:
    """The bot of a grant, with the person who authorised it."""
    return {
        "object": "user",
        "id": grant.bot_id,
        "name": integration_name,
        "avatar_url": None,
        "type": "bot",
        "bot": {
            "owner": {"type": "user", "user": present_user(owner)},
            "workspace_name": workspace.name,
            "workspace_id": workspace.id,
            "workspace_limits": {"max_file_upload_size_in_bytes": 5242880},
        },
    }
