"""The product as a library: Notion in, a searchable knowledge base out. No web framework in here.

How an edit in Notion becomes an answer, in the order the code runs::

    discovery.sweeps, discovery.events    Notion's lists and events -> what changed
    discovery.changes_listed              a stub of a listing, compared with what is held
    rules.changes                         the decision: newer, new, gone, or nothing (pure)
    worklist.requests                     rows are marked as wanted
    jobs                                  a worker is woken with the id of the connection
    sync.drain                            the worker takes the lease, and one document after the other
    sync.fetch                            one markdown request for a page, more only for what Notion left out
    reading                               markdown and properties -> canonical text, passages, links (pure)
    sync.writing, search.index            document, passages and full text, in one transaction
    search.find                           words -> hits, always inside one chatbot

A package imports only from packages below its own: worker, actions, jobs, watchdog, sync, discovery, membership,
removal and worklist, connections, search, runtime, store and rules, notion, reading, process, config, then values and
errors. `.importlinter` holds this.
"""

__version__ = "0.1.0"
"""The version of the whole product; `CHANGELOG.md` says what each one brought."""
