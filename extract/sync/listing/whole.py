"""Listing a page with its sub-pages, or a whole workspace: what it holds is known from search, bodies and tables.

A workspace is walked through in search, a hundred pages a request. A tree is known from the bodies it was read from;
its pages are compared with what search shows, or asked themselves where that is cheaper. Tables of both are queried.
A listing for the sake of an edit only sees to the tables that are new, or whose place has moved.
"""

from __future__ import annotations

from collections.abc import Iterator

from peewee import SQL, fn

from extract.discovery.arrivals import notice_arrivals
from extract.discovery.changes_listed import request_if_changed
from extract.errors import NotFound, Transient
from extract.notion.stubs import SearchPage
from extract.rules.timing import OVERLAP, SEARCH_LAG, Rank
from extract.store.models import WITHOUT_CONTENT, Child, DataSource, Document, Membership, Source
from extract.sync.listing.database import TableLister
from extract.worklist.requests import add_document, documents_of, members_of, request_read

WALK_DONE = "walked"
"""In `Source.walk_cursor`: the walk of the open listing is over."""

_FEW = 20  # pages that are asked themselves rather than looked for in search


class WholeLister(TableLister):
    """Lists every kind of source, those that hold more than what was ticked itself too."""

    def _many(self, source: Source, rank: Rank) -> None:
        if source.kind == "database":
            self._database(source, rank)
            return
        try:
            self._whole(source, rank)
        except NotFound as error:
            # Of a tree or a workspace it is its pages that say whether they are there.
            raise Transient(status=error.status, code=error.code, request_id=error.request_id) from error

    def _whole(self, source: Source, rank: Rank) -> None:
        everything = rank is not Rank.EDIT or source.listed_at is None or source.listing_open
        if everything:
            with self.commit():
                self._open(source)
            if source.walk_cursor != WALK_DONE:
                self._pages(source, rank)
                with self.commit():
                    source.walk_cursor = WALK_DONE
                    source.save(only=[Source.walk_cursor])
        if source.with_subpages:
            with self.commit():
                self._hold_children(source, rank)
        self._containers(source, everything=everything and source.kind != "workspace")
        for table in DataSource.select().where((DataSource.source == source.id) & ~DataSource.listed):
            self._rows_of(source, table, rank)
        with self.commit():
            if everything:
                self._close(source, rank)
            else:
                self._fulfilled(source)

    def _open(self, source: Source) -> None:
        if not source.listing_open:
            source.listing += 1
            source.listing_open, source.walk_cursor, source.walked = True, None, 0
            DataSource.update(listed=False, listed_to=None).where(DataSource.source == source.id).execute()
        source.save(only=[Source.listing, Source.listing_open, Source.walk_cursor, Source.walked])

    def _pages(self, source: Source, rank: Rank) -> None:
        if source.kind == "workspace":
            self._walk_workspace(source, rank)
            return
        with self.commit():
            self._hold_root(source, rank)
        if source.full_requested or source.listed_at is None:
            self._want_members(source, rank)
        elif rank is not Rank.CHECK:
            self._catch_up(source, rank)

    def _walk_workspace(self, source: Source, rank: Rank) -> None:
        """All that search shows, compared with what is held. A walk that was interrupted goes on where it stopped."""
        self.client.ask_for("looks" if rank is Rank.CHECK else "work")
        pages = self.client.walk_search(cursor=source.walk_cursor)
        while (page := self._next(pages)) is not None:
            with self.commit():
                shown = [stub for stub in page.stubs if not stub.in_trash]
                for stub in shown:
                    if stub.kind == "data_source" and not stub.partial:
                        self._keep_schema(source, stub)
                rows = tuple(stub for stub in shown if stub.kind == "page")
                if rows:
                    self._compare(source, rows, rank)
                source.walked += len(page.stubs)
                source.walk_cursor = page.next_cursor or source.walk_cursor
                source.save(only=[Source.walked, Source.walk_cursor])

    def _next(self, pages: Iterator[SearchPage]) -> SearchPage | None:
        return self._asked(lambda: next(pages, None))

    def _hold_root(self, source: Source, rank: Rank) -> None:
        if source.notion_id not in self._members(source, [source.notion_id]):
            add_document(
                source,
                source.notion_id,
                stub=None,
                now=self.clock(),
                rank=rank,
                verify_hours=self.config.watch.verify_hours,
            )

    def _hold_children(self, source: Source, rank: Rank) -> None:
        """The sub-pages in the bodies of its pages, which were read before it was a tree or for another source."""
        while hanging := self._hanging_pages(source):
            for notion_id in hanging:
                add_document(
                    source,
                    notion_id,
                    stub=None,
                    title="",
                    now=self.clock(),
                    rank=rank,
                    verify_hours=self.config.watch.verify_hours,
                )

    def _hanging_pages(self, source: Source) -> list[str]:
        """Notion ids of pages that hang in a body the source holds, do not say that they sit elsewhere, and are no
        members yet.
        """
        above, known = Document.alias(), Document.alias()
        elsewhere = known.select(SQL("1")).where(
            (known.chatbot == source.chatbot_id)
            & (known.notion_id == Child.notion_id)
            & (known.parent_page_id != above.notion_id)
        )
        rows = (
            Child.select(Child.notion_id)
            .join(Membership, on=(Membership.document == Child.document))
            .join(above, on=(above.id == Child.document))
            .where((Membership.source == source.id) & (Child.kind == "page") & ~fn.EXISTS(elsewhere))
            .distinct()
        )
        hanging = [notion_id for (notion_id,) in rows.tuples()]
        members = members_of({source.id}, hanging)
        return [each for each in hanging if (source.id, each) not in members]

    def _want_members(self, source: Source, rank: Rank) -> None:
        """Read every page of the tree again, with the stubs that search shows as far as looking there is cheaper."""
        rank = Rank.EDIT if rank > Rank.EDIT else rank
        left = self._members(source)
        with self.commit():
            for document in [
                row for row in left.values() if row.requested_at is not None and row.error is None
            ]:
                del left[document.notion_id]  # wanted already, and so with all that was listed of it
                Document.update(request_rank=min(rank, document.request_rank)).where(
                    Document.id == document.id
                ).execute()
        pages, asked = self.client.walk_search(kind="page"), 0
        while len(left) >= _FEW and asked * 4 < len(left) and (page := self._next(pages)) is not None:
            asked += 1
            with self.commit():
                for stub in page.stubs:
                    if stub.id in left and not stub.partial and not stub.in_trash:
                        request_read(left.pop(stub.id), now=self.clock(), rank=rank, stub=stub)
        with self.commit():
            for document in left.values():
                request_read(document, now=self.clock(), rank=rank)

    def _catch_up(self, source: Source, rank: Rank) -> None:
        """What search shows to have moved since the last listing."""
        floor = source.listed_at - SEARCH_LAG - OVERLAP
        pages = self.client.walk_search()
        while (page := self._next(pages)) is not None:
            with self.commit():
                now, hours = self.clock(), self.config.watch.verify_hours
                held = documents_of(source.chatbot_id, [stub.id for stub in page.stubs])
                members = self._members(source, list(held))
                for stub in page.stubs:
                    if stub.id in members and not stub.partial:
                        request_if_changed(members[stub.id], stub, now=now, rank=rank)
                notice_arrivals(
                    source.connection_id,
                    page.stubs,
                    takes=lambda each: each.id == source.id,
                    rank=rank,
                    now=now,
                    verify_hours=hours,
                )
            times = [stub.edited_at for stub in page.stubs if stub.edited_at is not None]
            if times and min(times) < floor:
                return

    def _close(self, source: Source, rank: Rank) -> None:
        """The listing is complete. What it should have shown and did not is asked itself."""
        now = self.clock()
        unseen = (Membership.source == source.id) & (Membership.listing < source.listing)
        if source.kind != "workspace":
            unseen &= Document.data_source_id.is_null(False)
        missing = (
            Document.select(*WITHOUT_CONTENT).join(Membership).where(unseen & Document.removed_at.is_null())
        )
        for document in missing:
            self._ask_itself(document, rank, now=now)
        source.listing_open, source.walk_cursor = False, None
        source.save(only=[Source.listing_open, Source.walk_cursor])
        self._listed(source, now=now)
