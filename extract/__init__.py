"""The product as a library: Notion in, a searchable knowledge base out. No web framework in here.

How an edit travels, in the order the code runs::

    notion.listings    search / query      -> Stub            what a listing tells about a page
    watch              Stub + rows         -> marks           pure decisions: stale, new, doubted, not ours
    jobs.wake          connection id       -> RQ              an id, nothing else; the rows hold the truth
    sync               Stub or row         -> fetch           one page: one markdown request, holes if any
    reading            markdown, values    -> Reading         blocks -> canonical text -> passages, links
    index.put          Reading             -> rows            document, chunks, full text: one transaction
    search.find        words               -> Hit             always inside one chatbot

A file imports only from lines below its own: jobs; sync; watch; index, search; models, db, vault;
notion; reading; config, errors, shapes.
"""
