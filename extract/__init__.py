"""The product as a library: Notion in, a searchable knowledge base out. No web framework in here.

How an edit in Notion becomes an answer, in the order the code runs::

    discovery.sweeps, discovery.events    list what changed in Notion, and process its webhook events
    discovery.changes_listed              compares each listed page with the stored document
    rules.changes                         decides if the page is the same, stale or in the trash (pure)
    worklist.documents                    stores the request to read a document
    jobs                                  wakes a worker with the id of the connection
    sync.drain                            takes the lease of the connection and claims its documents
    sync.fetching                         fetches a page: one markdown request, more only for what Notion left out
    reading                               makes canonical text, passages and links of it (pure)
    sync.writing, search.index            write document, passages and full text in one transaction
    search.find                           finds the passages of one chatbot that answer a question

A package imports only from packages below its own: worker, actions, jobs, watchdog, sync, discovery, membership,
removal, connections, worklist, search, runtime, store and rules, notion, reading, process, config, foreign_json and
read_only, then values and errors. `.importlinter` checks this.
"""

__version__ = "0.1.0"
"""The version of the whole product; `CHANGELOG.md` says what each one brought."""
