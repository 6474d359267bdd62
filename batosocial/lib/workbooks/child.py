"""The process that opens files from outside: a script of its own, started by `workbooks`, with limited memory.

It loads the package `reader` under another name than the project's, so that a hostile file finds nothing here: no
settings, no database, no environment.
"""

import importlib.util
import sys
from pathlib import Path

NAME = "workbook_reader"


def load() -> None:
    folder = Path(__file__).with_name("reader")
    spec = importlib.util.spec_from_file_location(
        NAME, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(NAME)
    package = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    load()
    importlib.import_module(f"{NAME}.main").main()
