"""Run in an environment with llama-index-readers-notion: pages named on standard input, their texts as JSON."""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version

from llama_index.readers.notion import NotionPageReader, base

job = json.load(sys.stdin)
for name in ("BLOCK_CHILD_URL_TMPL", "DATABASE_URL_TMPL", "SEARCH_URL"):
    setattr(base, name, getattr(base, name).replace("https://api.notion.com", job["url"]))

reader = NotionPageReader(integration_token=job["token"])
texts, failed = {}, []
began = time.perf_counter()
wanted = list(job["pages"])
for database in job["databases"]:
    wanted += reader.query_database(database, {"page_size": 100})
for page in wanted:
    try:
        texts[page] = reader.load_data(page_ids=[page])[0].text
    except Exception as error:
        failed.append(f"{type(error).__name__}: {error}")
seconds = time.perf_counter() - began
found = version("llama-index-readers-notion")
print(json.dumps({"version": found, "seconds": seconds, "texts": texts, "failed": failed}))
