import sys
import tempfile
from pathlib import Path

from tests.models.test_package import fill
from tests.models.warehouses import DuckDB

w = DuckDB(Path(tempfile.mkdtemp(prefix="dbt")))
w.create()
fill(w)
print(w.dbt(*sys.argv[1:])[-3000:])
