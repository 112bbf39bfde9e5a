"""`python -m tests.destinations.bigquery PORT`: serves until it is stopped.

bqemulator wants an extension of DuckDB for geography, which comes from outside the package index and nothing here has.
It doesn't unpack what is uploaded compressed, and doesn't know `target.` in the SET of a MERGE.
"""

from __future__ import annotations

import gzip
import re
import sys
from pathlib import Path
from typing import Any

from bqemulator.api.routes import upload
from bqemulator.sql.translator import SQLTranslator
from bqemulator.storage.engine import DuckDBEngine

run_load, translate = upload._run_load, SQLTranslator.translate


def run_unpacked(*, media_path: str, **more: Any) -> Any:
    path = Path(media_path)
    content = path.read_bytes()
    if content.startswith(b"\x1f\x8b"):
        path.write_bytes(gzip.decompress(content))
    return run_load(media_path=media_path, **more)


def translate_merge(self: SQLTranslator, text: str, **more: Any) -> Any:
    def unqualified(found: re.Match[str]) -> str:
        return re.sub(r"target\.(`\w+`) =", r"\1 =", found[0])

    return translate(self, re.sub(r"UPDATE SET .*? WHEN NOT MATCHED", unqualified, text), **more)


def main() -> None:
    DuckDBEngine._load_spatial = DuckDBEngine._load_format_extensions = lambda _self: None
    upload._run_load, SQLTranslator.translate = run_unpacked, translate_merge
    from bqemulator.cli import main as serve  # noqa: PLC0415 - it binds what is patched

    sys.argv = ["bqemulator", "start", "--rest-port", sys.argv[1], "--grpc-port", "0", "--log-level", "warning"]
    serve()


if __name__ == "__main__":
    main()
