"""Run in an environment with notion2md: pages named on standard input, their markdown as JSON on standard output."""

from __future__ import annotations

import functools
import json
import sys
import time
from importlib.metadata import version

from notion2md import notion_api
from notion2md.convertor.block import BlockConvertor
from notion2md.exporter.block import StringExporter

job = json.load(sys.stdin)
notion_api.Client = functools.partial(notion_api.Client, base_url=job["url"])
if job["without_null_icons"]:
    plain = BlockConvertor.collect_info

    def collect_info(self, payload):
        """As Notion answered before it told of paragraphs without an icon."""
        return plain(self, {key: value for key, value in payload.items() if (key, value) != ("icon", None)})

    BlockConvertor.collect_info = collect_info

texts, failed = {}, []
began = time.perf_counter()
for page in job["pages"] + job["rows"]:
    try:
        texts[page] = StringExporter(block_id=page, token=job["token"]).export()
    except Exception as error:
        failed.append(f"{type(error).__name__}: {error}")
seconds = time.perf_counter() - began
print(json.dumps({"version": version("notion2md"), "seconds": seconds, "texts": texts, "failed": failed}))
