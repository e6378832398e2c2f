"""The tables. Decisions about rows are in `extract.rules`.

A comment beside each nullable column says what null means. Times are aware UTC.
"""

from __future__ import annotations

from peewee import (
    AutoField,
    BooleanField,
    CharField,
    CompositeKey,
    Field,
    ForeignKeyField,
    IntegerField,
    JSONField,
    Model,
    ModelSelect,
    TextField,
)

from extract.store.db import database
from extract.store.fields import UtcDateTimeField, WordField
from extract.values import (
    CHILD_KINDS,
    CONNECTION_STATES,
    OUTCOMES,
    REMOVAL_REASONS,
    ROLE_WORDS,
    SCHEDULES,
    SOURCE_KINDS,
    SOURCE_STATUSES,
    TRIGGERS,
)


class Row(Model):
    """The base of all tables."""

    class Meta:
        database = database
        legacy_table_names = False


class Organisation(Row):
    """The owner of members, connections and chatbots. No row of one organisation refers to a row of another."""

    id = AutoField()
    chatbots: ModelSelect[Chatbot]
    connections: ModelSelect[Connection]
    members: ModelSelect[Member]
    invitations: ModelSelect[Invitation]
    name = CharField()
    default_schedule = WordField(SCHEDULES, default="live")
    created_at = UtcDateTimeField()


class Chatbot(Row):
    """Owns one knowledge base."""

    id = AutoField()
    organisation = ForeignKeyField(Organisation, backref="chatbots", on_delete="CASCADE")
    organisation_id: Field[int]
    name = CharField()
    created_at = UtcDateTimeField()


class Connection(Row):
    """One Notion authorisation. `state` is alive, reconnect or disconnected; tokens are sealed by the vault."""

    id = AutoField()
    organisation = ForeignKeyField(Organisation, backref="connections", on_delete="CASCADE")
    organisation_id: Field[int]
    bot_id = CharField()
    workspace_id = CharField(index=True)
    workspace_name = CharField(default="")
    workspace_icon = TextField(null=True)  # null: Notion gave none
    owner_user_id = CharField(null=True)  # null: a legacy token owned by a workspace
    owner_name = CharField(null=True)  # null: Notion did not say
    state = WordField(CONNECTION_STATES, default="alive", index=True)
    access_token = TextField(null=True)  # sealed; null: disconnected
    refresh_token = TextField(null=True)  # sealed; null: disconnected, or Notion gave none
    refreshing_until = UtcDateTimeField(null=True)  # null: nobody is refreshing
    error = TextField(null=True)  # a sentence a person can act on; null: no error
    created_at = UtcDateTimeField()
    # The lease of the drain that syncs this connection; each commit of the drain checks the number.
    lease_number = IntegerField(default=0)
    lease_until = UtcDateTimeField(null=True)  # null: free
    paused_until = UtcDateTimeField(
        null=True
    )  # null: not paused; else because of budget, Retry-After or an error
    # Polling. Watermarks are Notion's times, never ours.
    edits_seen_to = UtcDateTimeField(null=True)  # null: never polled
    trash_seen_to = UtcDateTimeField(null=True)  # null: never polled
    polled_at = UtcDateTimeField(null=True)  # last complete poll; null: never
    poll_at = UtcDateTimeField(null=True, index=True)  # when the next poll is due; null: at once
    poll_failures = IntegerField(default=0)
    sweeps = JSONField(default=dict)  # where an interrupted sweep continues; see `discovery.sweeps`
    checks_paused_until = UtcDateTimeField(
        null=True
    )  # routine checks are paused: their share is spent; null: no
    brake_at = UtcDateTimeField(
        null=True
    )  # since when the brake holds and a person is asked; null: it does not
    # Webhooks: a connection whose webhooks prove alive is polled less often.
    event_at = UtcDateTimeField(null=True)  # when the last event for this connection arrived; null: never
    event_missed_at = UtcDateTimeField(
        null=True
    )  # a poll found an edit that no event had reported; null: never

    class Meta:
        indexes = ((("organisation", "bot_id"), True),)


class Source(Row):
    """One row of the knowledge-base list: a ticked page or database, a page with its sub-pages, a whole workspace."""

    id = AutoField()
    data_sources: ModelSelect[DataSource]
    chatbot = ForeignKeyField(Chatbot, backref="sources", on_delete="CASCADE")
    chatbot_id: Field[int]
    connection = ForeignKeyField(Connection, backref="sources", on_delete="CASCADE")
    connection_id: Field[int]
    kind = WordField(SOURCE_KINDS)
    with_subpages = BooleanField(
        default=False
    )  # of a page: everything below it belongs to the source as well
    notion_id = CharField(index=True)
    title = TextField()
    url = TextField(default="")
    icon = TextField(null=True)  # null: none in Notion
    parent_label = TextField(default="")
    status = WordField(SOURCE_STATUSES, default="pending", index=True)
    error = TextField(null=True)  # a sentence a person can act on; null: no error
    auto_retrain = WordField(SCHEDULES, default="live")
    next_sync_at = UtcDateTimeField(null=True, index=True)  # null: no schedule, or live
    requested_at = UtcDateTimeField(null=True, index=True)  # when a listing was requested; null: none is
    request_rank = IntegerField(default=0)  # see timing.Rank
    full_requested = BooleanField(default=False)  # fetch every body, not only those of changed pages
    retry_after = UtcDateTimeField(null=True)  # null: at once
    attempts = IntegerField(default=0)  # failed listings in a row
    doubted_at = UtcDateTimeField(null=True)  # first 404, or when it was confirmed gone; null: no doubt
    runs_since_full = IntegerField(default=0)
    listed_at = UtcDateTimeField(null=True)  # last complete listing; null: never
    listing = IntegerField(default=0)  # number of the current or last listing
    listing_open = BooleanField(default=False)  # that listing is not complete yet
    last_synced_at = UtcDateTimeField(null=True)  # null: never
    hidden_columns = JSONField(default=list)  # Notion's ids of the columns that are not indexed
    walk_cursor = TextField(
        null=True
    )  # an interrupted walk through search continues here; null: from the top
    walked = IntegerField(default=0)  # how many objects its last walk has shown
    stopped_at = UtcDateTimeField(null=True)  # when a person stopped its sync; null: not stopped
    created_at = UtcDateTimeField()

    class Meta:
        indexes = ((("chatbot", "notion_id"), True),)


class DataSource(Row):
    """One Notion data source whose rows belong to a source, with its schema."""

    id = AutoField()
    source = ForeignKeyField(Source, backref="data_sources", on_delete="CASCADE")
    source_id: Field[int]
    notion_id = CharField(index=True)
    database_id = CharField(null=True)  # Notion's id of its container; null: Notion did not say
    name = TextField(default="")
    properties = JSONField(default=dict)  # the schema as Notion gave it
    listed_to = UtcDateTimeField(null=True)  # an interrupted listing continues here; null: from the start
    listed = BooleanField(default=False)  # complete in the open listing

    class Meta:
        indexes = ((("source", "notion_id"), True),)


class Document(Row):
    """One Notion page in the knowledge base of a chatbot. Removed documents stay as tombstones, without text."""

    id = AutoField()
    children: ModelSelect[Child]
    chatbot = ForeignKeyField(Chatbot, backref="documents", on_delete="CASCADE")
    chatbot_id: Field[int]
    connection = ForeignKeyField(Connection, backref="documents", on_delete="CASCADE")
    connection_id: Field[int]
    notion_id = CharField(index=True)
    data_source_id = CharField(null=True)  # null: not a database row
    parent_page_id = CharField(null=True)  # its parent, as the page object says; null: the parent is no page
    title = TextField(default="")
    url = TextField(default="")
    icon = TextField(null=True)  # null: none in Notion
    # The stored content
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
    edited_at = UtcDateTimeField(null=True)  # Notion's edit time of the stored content; null: never read
    synced_at = UtcDateTimeField(null=True)  # when it was last read; null: never
    # The newest listing
    stub = JSONField(null=True)  # raw properties as listed; null: the page object has to be fetched first
    stub_digest = CharField(default="")
    computed_digest = CharField(default="")  # of formulas and rollups as listed; empty: never listed, or none
    noticed_at = UtcDateTimeField(null=True)  # Notion's time in the newest listing; null: never listed
    # What is to be done, and when
    requested_at = UtcDateTimeField(null=True)  # when a read was requested; null: none is
    request_rank = IntegerField(default=0)  # see timing.Rank
    retry_after = UtcDateTimeField(null=True)  # null: at once
    attempts = IntegerField(default=0)  # failures in a row
    error = TextField(null=True)  # a sentence; null: the last attempt succeeded
    recheck_at = UtcDateTimeField(null=True)  # one more read after the minute of the edit; null: not needed
    check_at = UtcDateTimeField(null=True)  # the next routine check; null: its database is checked instead
    doubted_at = UtcDateTimeField(null=True)  # when Notion first answered 404; null: no doubt
    removed_at = UtcDateTimeField(null=True)  # tombstone since; null: present
    removed_because = WordField(REMOVAL_REASONS, null=True)  # confirmed: by a person; null: present
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
"""The columns of a document without its content, for code that does not need the text."""


class Membership(Row):
    """A document is a member of a source. A document without a membership is deleted."""

    source = ForeignKeyField(Source, backref="memberships", on_delete="CASCADE")
    source_id: Field[int]
    document = ForeignKeyField(Document, backref="memberships", on_delete="CASCADE")
    document_id: Field[int]
    listing = IntegerField(default=0)  # the last listing of the source that showed it

    class Meta:
        primary_key = CompositeKey("source", "document")


class Link(Row):
    """A document points to a Notion page, by a link, a mention or a relation. Written only by `search.index`."""

    document = ForeignKeyField(Document, backref="targets", on_delete="CASCADE")
    document_id: Field[int]
    notion_id = CharField(index=True)  # of the target, which need not be a document

    class Meta:
        primary_key = CompositeKey("document", "notion_id")


class Child(Row):
    """A sub-page or a database in the body of a document. Written only by `search.index`."""

    document = ForeignKeyField(Document, backref="children", on_delete="CASCADE")
    document_id: Field[int]
    notion_id = CharField(index=True)  # of the page or the database, which need not be stored
    kind = WordField(CHILD_KINDS)

    class Meta:
        primary_key = CompositeKey("document", "notion_id")


class Chunk(Row):
    """An indexed passage. Written only by `search.index`."""

    id = AutoField()
    document = ForeignKeyField(Document, backref="chunks", on_delete="CASCADE")
    document_id: Field[int]
    position = IntegerField()
    heading_path = JSONField(default=list)
    text = TextField()
    digest = CharField()

    class Meta:
        indexes = ((("document", "digest"), True),)


class Run(Row):
    """One sync of one source: what triggered it, how many requests it took, and its outcome."""

    id = AutoField()
    source = ForeignKeyField(Source, backref="runs", on_delete="CASCADE")
    source_id: Field[int]
    trigger = WordField(TRIGGERS)
    outcome = WordField(OUTCOMES, null=True)  # null: still running
    requests = IntegerField(default=0)
    retries = IntegerField(default=0)  # of those requests
    waits = IntegerField(default=0)  # how often the connection was paused while the run was open
    waited_seconds = IntegerField(default=0)  # the length of these pauses together
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
    error = TextField(null=True)  # a sentence; null: no error
    started_at = UtcDateTimeField()
    finished_at = UtcDateTimeField(null=True)  # null: still running

    class Meta:
        indexes = ((("source", "started_at"), False),)


class WebhookToken(Row):
    """The secret of a webhook subscription; it belongs to the installation. See `discovery.webhook_tokens`."""

    id = AutoField()
    sealed = TextField()
    digest = CharField(unique=True)  # SHA-256 of the token, so that one sent twice is one row
    received_at = UtcDateTimeField()
    active_since = UtcDateTimeField(null=True)  # null: pending, an admin has not confirmed it


class WebhookEvent(Row):
    """One event as Notion sent it. The daemon processes it, and it is kept a while, since Notion repeats events."""

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
    organisation_id: Field[int]
    email = CharField(unique=True)  # lower case
    name = CharField(default="")
    password_hash = TextField()
    role = WordField(ROLE_WORDS, default="member")
    session_key = CharField()  # changes when every session of the person must end
    last_chatbot = ForeignKeyField(Chatbot, null=True, on_delete="SET NULL")  # null: none opened yet
    last_chatbot_id: Field[int | None]
    created_at = UtcDateTimeField()
    last_login_at = UtcDateTimeField(null=True)  # null: never


class Invitation(Row):
    """A link that lets one more person into an organisation. Used by `webapp` only."""

    id = AutoField()
    organisation = ForeignKeyField(Organisation, backref="invitations", on_delete="CASCADE")
    organisation_id: Field[int]
    email = CharField()
    role = WordField(ROLE_WORDS, default="member")
    # A removed member's invitations are deleted; null: made by the operator, or before this column existed
    invited_by = ForeignKeyField(Member, backref="invited", null=True, on_delete="CASCADE")
    invited_by_id: Field[int | None]
    token_hash = CharField(unique=True)
    created_at = UtcDateTimeField()
    expires_at = UtcDateTimeField()
    accepted_at = UtcDateTimeField(null=True)  # null: open


class ApiKey(Row):
    """A key of the retrieval API; belongs to one chatbot. Used by `webapp` only."""

    id = AutoField()
    chatbot = ForeignKeyField(Chatbot, backref="keys", on_delete="CASCADE")
    chatbot_id: Field[int]
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
