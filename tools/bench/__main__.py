import argparse
import importlib
import sys

from tools.bench import BENCHMARKS, databases
from tools.bench.report import Aim, Options, say, table


def read_options() -> tuple[list[str], Options]:
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description="Đo tốc độ trên nhiều người.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(BENCHMARKS)}; mặc định: tất cả")
    parser.add_argument("--people", type=int, default=100_000, help="số người trong sổ (mặc định 100000)")
    parser.add_argument("--rows", type=int, default=20_000, help="số dòng của danh sách nạp (mặc định 20000)")
    parser.add_argument("--compared", type=int, default=2_000, help="số dòng so với cách nạp từng dòng (2000)")
    parser.add_argument("--runs", type=int, default=7, help="số lần đo mỗi phép (mặc định 7)")
    parser.add_argument("--keep", action="store_true", help="giữ dữ liệu cho lần sau, và dùng lại nếu đã có")
    given = parser.parse_args()
    if unknown := [name for name in given.names if name not in BENCHMARKS]:
        parser.error(f"không có phép đo {', '.join(unknown)}; chọn trong: {', '.join(BENCHMARKS)}")
    if given.people < 100 or given.runs < 1 or min(given.rows, given.compared) < 1:
        parser.error("cần ít nhất 100 người, 1 dòng và 1 lần đo")
    return given.names or list(BENCHMARKS), Options(given.people, given.runs, given.keep, given.rows, given.compared)


def main() -> int:
    names, options = read_options()
    databases.prepare()
    aims: list[Aim] = []
    for name in names:
        say(f"\n== {name} ==")
        aims += importlib.import_module(BENCHMARKS[name]).run(options)
    say("\n== Kết quả ==")
    table(
        ["phép đo", "mục tiêu", "đo được", ""],
        [[a.what, a.aim, a.found, "đạt" if a.met else "KHÔNG ĐẠT"] for a in aims],
    )
    return 0 if all(aim.met for aim in aims) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
