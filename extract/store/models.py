"""The tables and their names. One class a noun of the vocabulary; decisions about rows live in `watch`.

What a null means is said beside each nullable column. Times are aware UTC.
"""

from __future__ import annotations

from peewee import (
    AutoField,
    BooleanField,
    CharField,
    CompositeKey,
    ForeignKeyField,
    IntegerField,
    JSONField,
    Model,
    TextField,
)

from extract.store.db import UtcDateTimeField, database


class Row(Model):  # type: ignore[misc]  # peewee ships no types
    class Meta:
        database = database
        legacy_table_names = False


class Organisation(Row):
    """A silo: members, connections, chatbots. Nothing crosses it."""

    id = AutoField()
    name = CharField()
    default_schedule = CharField(default="live")
    created_at = UtcDateTimeField()


class Chatbot(Row):
    """Owns one knowledge base."""

    id = AutoField()
    organisation = ForeignKeyField(Organisation, backref="chatbots", on_delete="CASCADE")
    name = CharField()
    created_at = UtcDateTimeField()


class Connection(Row):
    """One Notion authorisation. `state` is alive, reconnect or disconnected; tokens are sealed by the vault."""

    id = AutoField()
    organisation = ForeignKeyField(Organisation, backref="connections", on_delete="CASCADE")
    bot_id = CharField()
    workspace_id = CharField(index=True)
    workspace_name = CharField(default="")
    workspace_icon = TextField(null=True)  # null: Notion gave none
    owner_user_id = CharField(null=True)  # null: a legacy token owned by a workspace
    owner_name = CharField(null=True)  # null: Notion did not say
    state = CharField(default="alive", index=True)
    access_token = TextField(null=True)  # sealed; null: disconnected
    refresh_token = TextField(null=True)  # sealed; null: disconnected, or Notion gave none
    refreshing_until = UtcDateTimeField(null=True)  # null: nobody is refreshing
    error = TextField(null=True)  # a sentence a person can act on; null: nothing to say
    created_at = UtcDateTimeField()
    # The lease of the drain that works this connection; the number is the fence each commit checks.
    lease_number = IntegerField(default=0)
    lease_until = UtcDateTimeField(null=True)  # null: free
    paused_until = UtcDateTimeField(null=True)  # null: may work now; else budget, Retry-After or a failure
    # Polling. Watermarks are Notion's times, never ours.
    edits_seen_to = UtcDateTimeField(null=True)  # null: never polled
    trash_seen_to = UtcDateTimeField(null=True)  # null: never polled
    polled_at = UtcDateTimeField(null=True)  # last complete poll; null: never
    poll_at = UtcDateTimeField(null=True, index=True)  # next poll is due; null: at once
    poll_failures = IntegerField(default=0)
    sweeps = JSONField(default=dict)  # where an interrupted sweep goes on; see `poll`
    checks_paused_until = UtcDateTimeField(null=True)  # null: mere looks may go on; else their share is spent
    brake_at = UtcDateTimeField(null=True)  # too much vanished at once, a person is asked; null: no
    # Webhooks: whether they prove alive decides how often the connection is polled.
    event_at = UtcDateTimeField(null=True)  # the last event that told of something of ours; null: never
    event_missed_at = UtcDateTimeField(null=True)  # a poll found an edit that no event had told; null: never

    class Meta:
        indexes = ((("organisation", "bot_id"), True),)


class Source(Row):
    """One row of the knowledge-base list: a ticked page or database, a page with its sub-pages, a whole workspace."""

    id = AutoField()
    chatbot = ForeignKeyField(Chatbot, backref="sources", on_delete="CASCADE")
    connection = ForeignKeyField(Connection, backref="sources", on_delete="CASCADE")
    kind = CharField()  # page | database | workspace
    with_subpages = BooleanField(default=False)  # of a page: everything below it belongs, too
    notion_id = CharField(index=True)
    title = TextField()
    url = TextField(default="")
    icon = TextField(null=True)  # null: none in Notion
    parent_label = TextField(default="")
    status = CharField(default="pending", index=True)
    error = TextField(null=True)  # a sentence a person can act on; null: nothing wrong
    auto_retrain = CharField(default="live")
    next_sync_at = UtcDateTimeField(null=True, index=True)  # null: no schedule, or live
    requested_at = UtcDateTimeField(null=True, index=True)  # a listing is wanted; null: none
    request_rank = IntegerField(default=0)  # see watch.Rank
    full_requested = BooleanField(default=False)  # fetch every body, not only what moved
    retry_after = UtcDateTimeField(null=True)  # null: at once
    attempts = IntegerField(default=0)  # failed listings in a row
    doubted_at = UtcDateTimeField(null=True)  # Notion answered 404 once; null: no doubt
    runs_since_full = IntegerField(default=0)
    listed_at = UtcDateTimeField(null=True)  # last complete listing; null: never
    listing = IntegerField(default=0)  # number of the current or last listing
    listing_open = BooleanField(default=False)  # that listing is not complete yet
    last_synced_at = UtcDateTimeField(null=True)  # null: never
    hidden_columns = JSONField(default=list)  # Notion's ids of the columns that are not indexed
    walk_cursor = TextField(null=True)  # an interrupted walk through search goes on here; null: from the top
    walked = IntegerField(default=0)  # how much its last walk has shown
    stopped_at = UtcDateTimeField(null=True)  # a person stopped its sync, until they resume it; null: it runs
    created_at = UtcDateTimeField()

    class Meta:
        indexes = ((("chatbot", "notion_id"), True),)


class DataSource(Row):
    """One Notion data source whose rows belong to a source, with the schema they follow."""

    id = AutoField()
    source = ForeignKeyField(Source, backref="data_sources", on_delete="CASCADE")
    notion_id = CharField(index=True)
    database_id = CharField(null=True)  # Notion's id of its container; null: not told
    name = TextField(default="")
    properties = JSONField(default=dict)  # the schema as Notion gave it
    listed_to = UtcDateTimeField(null=True)  # an interrupted listing goes on here; null: from the start
    listed = BooleanField(default=False)  # complete in the open listing

    class Meta:
        indexes = ((("source", "notion_id"), True),)


class Document(Row):
    """One Notion page as a chatbot holds it. Removed documents stay as tombstones, without text."""

    id = AutoField()
    chatbot = ForeignKeyField(Chatbot, backref="documents", on_delete="CASCADE")
    connection = ForeignKeyField(Connection, backref="documents", on_delete="CASCADE")
    notion_id = CharField(index=True)
    data_source_id = CharField(null=True)  # null: not a database row
    parent_page_id = CharField(
        null=True
    )  # the page it sits in, by its own word; null: none, or a block of one
    title = TextField(default="")
    url = TextField(default="")
    icon = TextField(null=True)  # null: none in Notion
    # What we hold
    text = TextField(default="")
    hash = CharField(default="")  # of the canonical text; empty: never read
    bytes = IntegerField(default=0)
    properties = JSONField(default=dict)  # rendered: name -> text
    links = JSONField(default=list)  # [{"text", "url", "notion_id"}]
    unread_blocks = IntegerField(default=0)
    images_without_caption = IntegerField(default=0)
    embeds_without_caption = IntegerField(default=0)
    read_as_plain_text = BooleanField(default=False)  # it has more markup than is read
    characters_left_out = IntegerField(default=0)  # of a page that is too long to be read whole
    previous_text = TextField(null=True)  # before the last change; null: none, or not to be kept
    changed_at = UtcDateTimeField(null=True)  # null: the text has not changed since it was first read
    edited_at = UtcDateTimeField(null=True)  # Notion's time of what we hold; null: never read
    synced_at = UtcDateTimeField(null=True)  # when it was last read; null: never
    # What the newest listing said
    stub = JSONField(null=True)  # raw properties as listed; null: ask the page itself first
    stub_digest = CharField(default="")
    computed_digest = CharField(default="")  # of formulas and rollups as listed; empty: not told
    noticed_at = UtcDateTimeField(null=True)  # Notion's time in the newest listing; null: never listed
    # What is to be done, and when
    requested_at = UtcDateTimeField(null=True)  # stale since; null: nothing wanted
    request_rank = IntegerField(default=0)  # see watch.Rank
    retry_after = UtcDateTimeField(null=True)  # null: at once
    attempts = IntegerField(default=0)  # failures in a row
    error = TextField(null=True)  # a sentence; null: the last attempt went well
    recheck_at = UtcDateTimeField(null=True)  # one more look once its minute has closed; null: settled
    check_at = UtcDateTimeField(null=True)  # the daily look; null: not live
    doubted_at = UtcDateTimeField(null=True)  # Notion answered 404 once; null: no doubt
    removed_at = UtcDateTimeField(null=True)  # tombstone since; null: present
    removed_because = CharField(
        null=True
    )  # trash | missing | database | confirmed, by a person; null: present
    created_at = UtcDateTimeField()

    class Meta:
        indexes = (
            (("chatbot", "notion_id"), True),
            (("chatbot", "parent_page_id"), False),
            (("connection", "notion_id"), False),
            (("connection", "requested_at"), False),
            (("connection", "recheck_at"), False),
            (("connection", "check_at"), False),
            (("connection", "removed_at"), False),
        )


WITHOUT_CONTENT = [
    field
    for field in Document._meta.sorted_fields
    if field.name not in ("text", "previous_text", "links", "properties")
]
"""The fields of a document that are worked with while nobody reads it."""


class Membership(Row):
    """Which source holds which document; a document goes when its last source goes."""

    source = ForeignKeyField(Source, backref="memberships", on_delete="CASCADE")
    document = ForeignKeyField(Document, backref="memberships", on_delete="CASCADE")
    listing = IntegerField(default=0)  # the last listing of the source that showed it

    class Meta:
        primary_key = CompositeKey("source", "document")


class Link(Row):
    """That a document names a Notion page, by a link, a mention or a relation. Written only by `index`."""

    document = ForeignKeyField(Document, backref="targets", on_delete="CASCADE")
    notion_id = CharField(index=True)  # of the target, whether we hold it or not

    class Meta:
        primary_key = CompositeKey("document", "notion_id")


class Child(Row):
    """That the body of a document holds a sub-page or a database. Written only by `index`."""

    document = ForeignKeyField(Document, backref="children", on_delete="CASCADE")
    notion_id = CharField(index=True)  # of the page or the database, whether we hold it or not
    kind = CharField()  # page | database

    class Meta:
        primary_key = CompositeKey("document", "notion_id")


class Chunk(Row):
    """A passage as indexed. Written only by `index`."""

    id = AutoField()
    document = ForeignKeyField(Document, backref="chunks", on_delete="CASCADE")
    position = IntegerField()
    heading_path = JSONField(default=list)
    text = TextField()
    digest = CharField()

    class Meta:
        indexes = ((("document", "digest"), True),)


class Run(Row):
    """One sync of one source: what asked for it, what it cost, what came of it."""

    id = AutoField()
    source = ForeignKeyField(Source, backref="runs", on_delete="CASCADE")
    trigger = CharField()  # import | retrain | schedule | edit | verify
    outcome = CharField(null=True)  # trained | empty | failed | cancelled; null: still running
    requests = IntegerField(default=0)
    retries = IntegerField(default=0)  # of those requests
    waits = IntegerField(default=0)  # how often the connection had to rest while the run was open
    waited_seconds = IntegerField(default=0)  # how long, in all
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
    error = TextField(null=True)  # a sentence; null: nothing went wrong
    started_at = UtcDateTimeField()
    finished_at = UtcDateTimeField(null=True)  # null: still running

    class Meta:
        indexes = ((("source", "started_at"), False),)


class WebhookToken(Row):
    """The secret of a webhook subscription; of the installation, not of an organisation. See `webhooks`."""

    id = AutoField()
    sealed = TextField()
    digest = CharField(unique=True)  # SHA-256 of the token, so that one sent twice is one row
    received_at = UtcDateTimeField()
    active_since = UtcDateTimeField(null=True)  # null: pending, an admin has not confirmed it


class WebhookEvent(Row):
    """One event of Notion's as it came: a hint, worked in the background and kept a while against repeats."""

    id = AutoField()
    event_id = CharField(unique=True)  # Notion's
    body = JSONField()
    received_at = UtcDateTimeField(index=True)
    processed_at = UtcDateTimeField(null=True)  # null: waiting

    class Meta:
        indexes = ((("processed_at", "id"), False),)


class Member(Row):
    """A person in an organisation: owner, admin or member. Used by `webapp` only."""

    id = AutoField()
    organisation = ForeignKeyField(Organisation, backref="members", on_delete="CASCADE")
    email = CharField(unique=True)  # lower case
    name = CharField(default="")
    password_hash = TextField()
    role = CharField(default="member")
    session_key = CharField()  # changes when every session of the person must end
    last_chatbot = ForeignKeyField(Chatbot, null=True, on_delete="SET NULL")  # null: none opened yet
    created_at = UtcDateTimeField()
    last_login_at = UtcDateTimeField(null=True)  # null: never


class Invitation(Row):
    """A link that lets one more person into an organisation. Used by `webapp` only."""

    id = AutoField()
    organisation = ForeignKeyField(Organisation, backref="invitations", on_delete="CASCADE")
    email = CharField()
    role = CharField(default="member")
    # Who is removed takes their invitations along; null: made before this was kept, or by the operator
    invited_by = ForeignKeyField(Member, backref="invited", null=True, on_delete="CASCADE")
    token_hash = CharField(unique=True)
    created_at = UtcDateTimeField()
    expires_at = UtcDateTimeField()
    accepted_at = UtcDateTimeField(null=True)  # null: open


class ApiKey(Row):
    """A key of the retrieval API; belongs to one chatbot. Used by `webapp` only."""

    id = AutoField()
    chatbot = ForeignKeyField(Chatbot, backref="keys", on_delete="CASCADE")
    name = CharField(default="")
    prefix = CharField()  # its first characters, so that a person can tell keys apart
    key_hash = CharField(unique=True)
    created_at = UtcDateTimeField()
    last_used_at = UtcDateTimeField(null=True)  # null: never
    revoked_at = UtcDateTimeField(null=True)  # null: valid


TABLES = (
    Organisation,
    Chatbot,
    Connection,
    Source,
    DataSource,
    Document,
    Membership,
    Link,
    Child,
    Chunk,
    Run,
    WebhookToken,
    WebhookEvent,
    Member,
    Invitation,
    ApiKey,
)
