"""Files of mergers, as somebody would bring them."""

import csv
import datetime
import io
from pathlib import Path
from typing import Any

from batosocial.mergers import services
from batosocial.mergers.checking import Plan, check
from batosocial.mergers.reading import COLUMNS, MergerFile, read_file
from batosocial.staff.models import User
from batosocial.territory.models import UnitMerger

DAY = datetime.date(2024, 8, 1)
SAMPLE = Path(__file__).parents[2] / "batosocial" / "territory" / "data" / "merger_2025.csv"
#: Ba Vinh of Ba Vinh and Ba Điền.
BA_VINH = (("21490", "21490", "Ba Vinh", "Xã"), ("21487", "21490", "Ba Vinh", "Xã"))
#: Ba Động of Ba Động, Ba Liên and Ba Thành.
BA_DONG = tuple((code, "21496", "Ba Động", "Xã") for code in ("21496", "21502", "21493"))


def content(*rows: tuple[str, ...], heading: tuple[str, ...] = COLUMNS) -> bytes:
    stream = io.StringIO()
    csv.writer(stream).writerows([heading, *rows])
    return stream.getvalue().encode()


def file(*rows: tuple[str, ...]) -> MergerFile:
    return read_file(content(*rows), "sap-nhap.csv")


def sample() -> MergerFile:
    """All 19 units into 8 (NQ 1677/NQ-UBTVQH15)."""
    return read_file(SAMPLE.read_bytes(), SAMPLE.name)


def checked(*rows: tuple[str, ...], day: datetime.date = DAY, **more: Any) -> Plan:
    return check(file(*rows), day=day, **more)


def store(read: MergerFile | None = None, *, day: datetime.date = DAY, upper: str = "") -> UnitMerger:
    """The whole district's merger, stored; planned at the demo's date, in effect where the date has come."""
    return services.store_merger(
        actor=User.objects.system(), file=read or sample(), file_name="sap-nhap.csv", day=day, upper_code=upper
    ).merger
