"""The first schema: a frozen copy of the tables, independent of the models that follow it."""

from __future__ import annotations

from typing import Any

from peewee import (
    AutoField,
    BooleanField,
    CharField,
    CompositeKey,
    Database,
    ForeignKeyField,
    IntegerField,
    JSONField,
    Model,
    TextField,
)

from extract.store.fields import UtcDateTimeField


def up(migrator: Any, db: Database) -> None:
    class Frozen(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Organisation(Frozen):
        id = AutoField()
        name = CharField()
        default_schedule = CharField(default="live")
        created_at = UtcDateTimeField()

    class Chatbot(Frozen):
        id = AutoField()
        organisation = ForeignKeyField(Organisation, on_delete="CASCADE")
        name = CharField()
        created_at = UtcDateTimeField()

    class Connection(Frozen):
        id = AutoField()
        organisation = ForeignKeyField(Organisation, on_delete="CASCADE")
        bot_id = CharField()
        workspace_id = CharField(index=True)
        workspace_name = CharField(default="")
        workspace_icon = TextField(null=True)
        owner_user_id = CharField(null=True)
        owner_name = CharField(null=True)
        state = CharField(default="alive", index=True)
        access_token = TextField(null=True)
        refresh_token = TextField(null=True)
        refreshing_until = UtcDateTimeField(null=True)
        error = TextField(null=True)
        created_at = UtcDateTimeField()

        lease_number = IntegerField(default=0)
        lease_until = UtcDateTimeField(null=True)
        rest_until = UtcDateTimeField(null=True)

        edits_seen_to = UtcDateTimeField(null=True)
        trash_seen_to = UtcDateTimeField(null=True)
        polled_at = UtcDateTimeField(null=True)
        poll_at = UtcDateTimeField(null=True, index=True)
        poll_failures = IntegerField(default=0)

        class Meta:
            indexes = ((("organisation", "bot_id"), True),)

    class Source(Frozen):
        id = AutoField()
        chatbot = ForeignKeyField(Chatbot, on_delete="CASCADE")
        connection = ForeignKeyField(Connection, on_delete="CASCADE")
        kind = CharField()
        notion_id = CharField(index=True)
        title = TextField()
        url = TextField(default="")
        icon = TextField(null=True)
        parent_label = TextField(default="")
        status = CharField(default="pending", index=True)
        error = TextField(null=True)
        auto_retrain = CharField(default="live")
        next_sync_at = UtcDateTimeField(null=True, index=True)
        wanted_at = UtcDateTimeField(null=True, index=True)
        wanted_rank = IntegerField(default=0)
        wanted_full = BooleanField(default=False)
        try_after = UtcDateTimeField(null=True)
        attempts = IntegerField(default=0)
        doubted_at = UtcDateTimeField(null=True)
        runs_since_full = IntegerField(default=0)
        listed_at = UtcDateTimeField(null=True)
        listing = IntegerField(default=0)
        listing_open = BooleanField(default=False)
        last_synced_at = UtcDateTimeField(null=True)
        created_at = UtcDateTimeField()

        class Meta:
            indexes = ((("chatbot", "notion_id"), True),)

    class DataSource(Frozen):
        id = AutoField()
        source = ForeignKeyField(Source, on_delete="CASCADE")
        notion_id = CharField(index=True)
        name = TextField(default="")
        properties = JSONField(default=dict)
        listed_to = UtcDateTimeField(null=True)
        listed = BooleanField(default=False)

        class Meta:
            indexes = ((("source", "notion_id"), True),)

    class Document(Frozen):
        id = AutoField()
        chatbot = ForeignKeyField(Chatbot, on_delete="CASCADE")
        connection = ForeignKeyField(Connection, on_delete="CASCADE")
        notion_id = CharField(index=True)
        data_source_id = CharField(null=True)
        title = TextField(default="")
        url = TextField(default="")
        icon = TextField(null=True)

        text = TextField(default="")
        hash = CharField(default="")
        bytes = IntegerField(default=0)
        properties = JSONField(default=dict)
        links = JSONField(default=list)
        unread_blocks = IntegerField(default=0)
        edited_at = UtcDateTimeField(null=True)
        synced_at = UtcDateTimeField(null=True)

        stub = JSONField(null=True)
        stub_digest = CharField(default="")
        noticed_at = UtcDateTimeField(null=True)

        wanted_at = UtcDateTimeField(null=True)
        wanted_rank = IntegerField(default=0)
        try_after = UtcDateTimeField(null=True)
        attempts = IntegerField(default=0)
        error = TextField(null=True)
        look_at = UtcDateTimeField(null=True)
        verify_at = UtcDateTimeField(null=True)
        doubted_at = UtcDateTimeField(null=True)
        removed_at = UtcDateTimeField(null=True)
        created_at = UtcDateTimeField()

        class Meta:
            indexes = (
                (("chatbot", "notion_id"), True),
                (("connection", "wanted_at"), False),
                (("connection", "look_at"), False),
                (("connection", "verify_at"), False),
            )

    class Membership(Frozen):
        source = ForeignKeyField(Source, on_delete="CASCADE")
        document = ForeignKeyField(Document, on_delete="CASCADE")
        listing = IntegerField(default=0)

        class Meta:
            primary_key = CompositeKey("source", "document")

    class Chunk(Frozen):
        id = AutoField()
        document = ForeignKeyField(Document, on_delete="CASCADE")
        position = IntegerField()
        heading_path = JSONField(default=list)
        text = TextField()
        digest = CharField()

        class Meta:
            indexes = ((("document", "digest"), True),)

    class Run(Frozen):
        id = AutoField()
        source = ForeignKeyField(Source, on_delete="CASCADE")
        trigger = CharField()
        outcome = CharField(null=True)
        requests = IntegerField(default=0)
        fetched = IntegerField(default=0)
        changed = IntegerField(default=0)
        unchanged = IntegerField(default=0)
        removed = IntegerField(default=0)
        failed = IntegerField(default=0)
        chunks_added = IntegerField(default=0)
        chunks_kept = IntegerField(default=0)
        chunks_removed = IntegerField(default=0)
        unread_blocks = IntegerField(default=0)
        unknown_tags = JSONField(default=list)
        error = TextField(null=True)
        started_at = UtcDateTimeField()
        finished_at = UtcDateTimeField(null=True)

        class Meta:
            indexes = ((("source", "started_at"), False),)

    class Member(Frozen):
        id = AutoField()
        organisation = ForeignKeyField(Organisation, on_delete="CASCADE")
        email = CharField(unique=True)
        name = CharField(default="")
        password_hash = TextField()
        role = CharField(default="member")
        session_key = CharField()
        last_chatbot = ForeignKeyField(Chatbot, null=True, on_delete="SET NULL")
        created_at = UtcDateTimeField()
        last_login_at = UtcDateTimeField(null=True)

    class Invitation(Frozen):
        id = AutoField()
        organisation = ForeignKeyField(Organisation, on_delete="CASCADE")
        email = CharField()
        role = CharField(default="member")
        token_hash = CharField(unique=True)
        created_at = UtcDateTimeField()
        expires_at = UtcDateTimeField()
        accepted_at = UtcDateTimeField(null=True)

    class ApiKey(Frozen):
        id = AutoField()
        chatbot = ForeignKeyField(Chatbot, on_delete="CASCADE")
        name = CharField(default="")
        prefix = CharField()
        key_hash = CharField(unique=True)
        created_at = UtcDateTimeField()
        last_used_at = UtcDateTimeField(null=True)
        revoked_at = UtcDateTimeField(null=True)

    db.create_tables(
        [
            Organisation,
            Chatbot,
            Connection,
            Source,
            DataSource,
            Document,
            Membership,
            Chunk,
            Run,
            Member,
            Invitation,
            ApiKey,
        ]
    )
