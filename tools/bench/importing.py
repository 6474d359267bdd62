"""Bringing a list of 20,000 people: the portal, django-import-export's default, and what reading and COPY take.

All three get the same file. The portal's time is that of both jobs, from an uploaded file to everything in the
register. The default is ``ModelResource`` as its manual has it, a dry run for the preview and the import itself: once
with what the portal stores (benefit, payee, account, route), once with the row of the person alone.
"""

import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tools.bench import databases
from tools.bench.report import Aim, Options, ms, say, table

MOST_SECONDS = 60
LEAST_RATIO = 15
_POLICY = "BTXH"


@dataclass
class Watch:
    """Seconds by phase, in the order of their first use."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def __call__(self, phase: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[phase] = self.seconds.get(phase, 0) + time.perf_counter() - began

    @property
    def total(self) -> float:
        return sum(self.seconds.values())


def run(options: Options) -> list[Aim]:
    with databases.fresh("import"):
        rows, content = options.rows, _workbook(options.rows)
        say(f"{rows} dòng, {len(content) / 1024**2:.1f} MB".replace(".", ","))
        floor, portal, phases = _floor(content), _portal(content), _phases(content)
        whole = portal.total
        _tell_portal(rows, portal, floor, phases)
        # Row by row takes minutes, so that fewer rows may be compared; both then get the same file of that many.
        few = min(options.compared, rows)
        if few != rows:
            content = _workbook(few)
            floor, portal = _floor(content), _portal(content)
        default, person_only = (_default(content, whole=whole) for whole in (True, False))
        _tell_default(few, floor, portal, default, person_only)
    ratio = default.total / portal.total
    return [
        Aim(f"nạp {rows} dòng, xem trước và ghi", f"≤ {MOST_SECONDS} s", f"{ms(whole)} s", whole <= MOST_SECONDS),
        Aim(f"so với mặc định của django-import-export, {few} dòng", f"≥ {LEAST_RATIO} lần", f"{ms(ratio)} lần",
            ratio >= LEAST_RATIO),
    ]  # fmt: skip


def _tell_portal(rows: int, portal: Watch, floor: Watch, phases: Watch) -> None:
    say(
        f"Cổng, hai việc nền (kiểm tra, ghi): {ms(portal.total)} s, {rows / portal.total:.0f} dòng/giây; "
        f"sàn {ms(floor.total)} s, cổng gấp {ms(portal.total / floor.total)} lần sàn."
    )
    say("Sàn: " + "; ".join(f"{name} {ms(seconds)} s" for name, seconds in floor.seconds.items()))
    say("Thời gian của cổng đi đâu (đo lại từng bước, không kể hàng đợi):")
    table(
        ["bước", "giây", "%"],
        [[name, ms(spent), f"{100 * spent / phases.total:.0f}"] for name, spent in phases.seconds.items()],
        figures=(1, 2),
    )


def _tell_default(rows: int, floor: Watch, portal: Watch, default: Watch, person_only: Watch) -> None:
    def line(what: str, watch: Watch) -> list[object]:
        return [what, ms(watch.total), f"{rows / watch.total:.0f}", f"{ms(watch.total / portal.total)} ×"]

    say(f"\nCùng một tệp {rows} dòng:")
    table(
        ["cách làm", "giây", "dòng/giây", "so với cổng"],
        [
            line("cổng: hai việc nền, kiểm tra rồi ghi", portal),
            line("mặc định django-import-export, ghi cùng dữ liệu", default),
            line("mặc định django-import-export, chỉ bảng người", person_only),
            line("sàn: calamine đọc, COPY vào bảng tạm", floor),
        ],
        figures=(1, 2, 3),
    )


# --- the file ------------------------------------------------------------------------------------------------------


def _workbook(count: int) -> bytes:
    """Invented people of one policy, a third with an account, below the headings that the template has."""
    import xlsxwriter

    from batosocial.lib import clock, months
    from batosocial.territory.models import Unit
    from beneficiaries.amounts import known_rates
    from beneficiaries.models import Category, Provider
    from beneficiaries.resources import PersonResource, columns
    from tools.bench import people

    month = months.first(clock.today())
    rates: dict[tuple[str, int], int] = {}
    for rate in known_rates(month, clock.today()).select_related("category"):
        rates.setdefault((rate.category.code, rate.level), rate.amount)
    decided = set(Category.objects.filter(amount_by_decision=True).values_list("code", flat=True))
    banks = dict(Provider.objects.values_list("bin", "short_name"))
    declared = columns(PersonResource)
    # Only a share of the invented people is of one policy.
    invented = (p for p in people.invent(count * 2, [Unit.objects.current().communes()[0].pk]) if p.policy == _POLICY)

    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["TT", *(column.heading for column in declared.values())])
    for number, person in zip(range(1, count + 1), invented, strict=False):
        amount = 500_000 if person.category in decided else rates[person.category, person.level]
        year, born_in, born_on = person.birth
        cells: dict[str, Any] = {
            "name": person.name,
            "sex": "Nam" if person.sex == "M" else "Nữ",
            "birth": "/".join(f"{part:02}" for part in (born_on, born_in, year) if part is not None),
            "cccd": person.cccd,
            "cmnd": person.cmnd,
            "ethnicity": "H're",
            "hamlet": person.hamlet,
            "phone": person.phone,
            "category": person.category,
            "amount": amount,
            "note": "" if person.cccd else "chưa làm CCCD",
        }
        if person.account:
            bin_, account = person.account
            cells |= {"account": account, "provider": banks[bin_], "owner": "Chính chủ", "holder_name": person.name}
        sheet.write_row(number, 0, [number, *(cells.get(name, "") for name in declared)])
    book.close()
    return file.getvalue()


# --- the portal ----------------------------------------------------------------------------------------------------


def _people() -> tuple[Any, Any]:
    """An officer of the district and a commune."""
    from batosocial.staff.models import Role, User
    from batosocial.territory.models import Unit

    commune = Unit.objects.current().communes()[0]
    officer, _ = User.objects.get_or_create(
        username="phong", defaults={"full_name": "Chuyên viên", "role": Role.DISTRICT_OFFICER, "unit": commune.parent}
    )
    return officer, commune


def _portal(content: bytes) -> Watch:
    """Both jobs, as the worker runs them; then everything is taken out again."""
    from batosocial.jobs.runner import run_job
    from beneficiaries.imports import services
    from beneficiaries.months import first_open_month

    officer, commune = _people()
    batch = services.upload_list(actor=officer, commune=commune, policy=_POLICY, filename="ds.xlsx", content=content)
    watch = Watch()
    with watch("kiểm tra"):
        run_job(batch.job_id or 0)
    batch.refresh_from_db()
    if batch.error_count or batch.state != "previewed":
        raise SystemExit(f"Danh sách đo có lỗi: {batch.error_count} dòng, {batch.failure or batch.state}")
    services.request_acceptance(actor=officer, batch=batch, start_month=first_open_month(_POLICY))
    batch.refresh_from_db()
    with watch("ghi"):
        run_job(batch.job_id or 0)
    batch.refresh_from_db()
    if batch.state != "accepted":
        raise SystemExit(f"Danh sách đo không ghi được: {batch.failure or batch.state}")
    _empty()
    return watch


def _phases(content: bytes) -> Watch:
    """The same work step by step. Both jobs read and check; the figures count that twice, as it is done."""
    from django.db import transaction

    from beneficiaries.imports.check import read_batch
    from beneficiaries.imports.kinds import importer_of
    from beneficiaries.imports.storing import still_says_the_same, store_preview
    from beneficiaries.models import ImportBatch
    from beneficiaries.months import first_open_month

    officer, commune = _people()
    file = _stored(content, officer)
    start = first_open_month(_POLICY)
    batch = ImportBatch.objects.create(
        commune=commune, policy=_POLICY, file=file, uploaded_by=officer, accepted_by=officer, start_month=start
    )
    importer, watch = importer_of(batch), Watch()
    for name in ("lần 1", "lần 2"):
        with watch(f"đọc tệp ({name})"):
            read = read_batch(content, "ds.xlsx", batch)
        began = time.perf_counter()
        steps: dict[str, float] = {}
        preview = importer.check(read, batch, start=start, progress=partial(_note, steps))
        checked = steps.get("Kiểm tra từng dòng", began)
        watch.seconds[f"kiểm từng dòng ({name})"] = checked - began
        watch.seconds[f"dòng trùng, so với sổ ({name})"] = time.perf_counter() - checked
        if name == "lần 1":
            with watch("lưu bản xem trước"), transaction.atomic():
                store_preview(batch, preview)
    with watch("so với bản xem trước"):
        same = still_says_the_same(batch, preview)
    if not same:
        raise SystemExit("Hai lần kiểm tra khác nhau.")
    with watch("ghi vào sổ"), transaction.atomic():
        importer.write(batch, preview, actor=officer)
    _empty()
    return watch


def _note(steps: dict[str, float], done: int, total: int, step: str) -> None:
    """When a step last told of itself."""
    steps[step] = time.perf_counter()


def _stored(content: bytes, officer: Any) -> Any:
    from batosocial.jobs.models import StoredFile

    return StoredFile.keep(name="ds.xlsx", content_type="x", content=content, created_by=officer)


def _empty() -> None:
    """Everything that a list writes, at once."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE beneficiaries_person, beneficiaries_account, beneficiaries_importbatch CASCADE")


# --- what it is compared with ----------------------------------------------------------------------------------------


def _floor(content: bytes) -> Watch:
    """Reading every cell and copying it as text into a table without a constraint: nothing is checked or matched."""
    from django.db import connection
    from python_calamine import CalamineWorkbook

    watch = Watch()
    with watch("đọc bằng calamine"):
        rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    width = max(len(row) for row in rows)
    names = ", ".join(f"c{number} text" for number in range(width))
    with watch("COPY"):
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TEMPORARY TABLE floor_rows ({names})")
        with connection.connection.cursor() as cursor, cursor.copy("COPY floor_rows FROM STDIN") as copy:
            for row in rows[1:]:
                copy.write_row([str(cell) for cell in row])
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE floor_rows")
    return watch


def _default(content: bytes, *, whole: bool) -> Watch:
    """A dry run and the import, each row by its own statements; ``whole`` stores what the portal stores."""
    import tablib

    officer, commune = _people()
    resource = _resource(officer, commune, whole=whole)
    watch = Watch()
    with watch("đọc bằng openpyxl"):
        dataset = tablib.Dataset().load(content, format="xlsx")
    for name, dry_run in (("xem trước", True), ("ghi", False)):
        with watch(name):
            result = resource.import_data(dataset, dry_run=dry_run, use_transactions=True)
        if result.has_errors() or result.has_validation_errors():
            raise SystemExit(f"Cách mặc định báo lỗi: {result.row_errors()[:1]} {result.invalid_rows[:1]}")
    _empty()
    return watch


def _resource(officer: Any, commune: Any, *, whole: bool) -> Any:
    from django.utils import timezone

    from batosocial.lib.text import name_search_key, sort_key
    from beneficiaries.models import Category, Person, Provider
    from beneficiaries.months import first_open_month
    from beneficiaries.resources import PersonResource, headings

    heading = headings(PersonResource)
    categories = {category.code: category for category in Category.objects.all()}
    providers = {provider.short_name: provider for provider in Provider.objects.all()}
    store = _storer(officer, categories, providers, first_open_month(_POLICY), timezone.now())

    class Default(PersonResource):
        def before_save_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
            instance.commune = commune
            instance.search_key = name_search_key(instance.name, instance.other_name)
            instance.sort_key = sort_key(instance.name)
            if not instance.cccd:
                instance.cccd_state = Person.CccdState.MISSING
                instance.cccd_missing_reason = Person.MissingReason.NOT_MADE

        def after_save_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
            if whole:
                store(instance, {name: row[label] for name, label in heading.items()})

    Default._meta.import_id_fields = ("cccd", "name", "hamlet", "phone")
    return Default()


def _storer(
    officer: Any, categories: Any, providers: Any, start: Any, now: Any
) -> Callable[[Any, dict[str, Any]], None]:
    from django.db.backends.postgresql.psycopg_any import DateRange

    from beneficiaries.models import Account, Change, Entitlement, Payee, PayoutRoute

    def store(person: Any, cells: dict[str, Any]) -> None:
        change = Change.objects.create(
            kind=Change.Kind.START, policy=_POLICY, person=person, effective_month=start, state=Change.State.APPLIED,
            first_load=True, proposed_by=officer, applied_at=now,
        )  # fmt: skip
        category = categories[cells["category"]]
        months = DateRange(start, None, "[)")
        Entitlement.objects.create(
            person=person, category=category, months=months, granted_by=change,
            own_amount=cells["amount"] if category.amount_by_decision else None,
        )  # fmt: skip
        payee, _ = Payee.objects.get_or_create(person=person, kind=Payee.Kind.OWN)
        account = None
        if cells["account"]:
            account, _ = Account.objects.get_or_create(
                provider=providers[cells["provider"]], number=cells["account"],
                defaults={"holder_name": cells["holder_name"]},
            )  # fmt: skip
        PayoutRoute.objects.create(
            person=person, policy=_POLICY, payee=payee, account=account, months=months, entered_by=officer,
            cash_reason="" if account else PayoutRoute.CashReason.OTHER,
        )  # fmt: skip

    return store
