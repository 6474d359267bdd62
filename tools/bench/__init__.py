"""`make bench`: how fast the portal is on many people, each figure beside its plain baseline in the same run.

``python -m tools.bench [NAME …] [--people N] [--rows N] [--compared N] [--runs N] [--keep]``; without names,
everything. A benchmark is a module of this package with ``run(options) -> list[Aim]``, named in ``BENCHMARKS``. It
works in databases of its own (``databases.fresh``) on servers of its own (``.data/bench``), never in the portal's.
"""

#: What it is called on the command line, and the module that has its ``run``.
BENCHMARKS = {
    "search": "tools.bench.search",
    "identity": "tools.bench.identity",
    "import": "tools.bench.importing",
    "opening": "tools.bench.opening",
    "rolling": "tools.bench.rolling",
    "dashboards": "tools.bench.dashboards",
}
