"""Whatever two people type at one record, nothing typed is lost and nothing untouched overwrites."""

from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from beneficiaries.entry.conflicts import Seen, merge
from beneficiaries.entry.values import LABELS, same, texts
from beneficiaries.models import Person

_WORDS = st.sampled_from(["", "Thôn Một", "Thôn Hai", "Phạm Thị Dế", "Đinh"])
_PLAIN = [name for name in LABELS if name not in ("birth", "card_birth", "sex", "cccd", "cmnd", "cccd_missing_reason")]
_TEXTS = st.fixed_dictionaries(dict.fromkeys(_PLAIN, _WORDS))
_YEARS = st.integers(1940, 1943)
_MONTHS = st.none() | st.integers(1, 3)


def row(values: dict[str, str], year: int, month: int | None) -> Person:
    return Person(pk=1, birth_year=year, birth_month=month, sex="F", **values)


@given(
    first=_TEXTS, now=_TEXTS, typed=_TEXTS, years=st.tuples(_YEARS, _YEARS, _YEARS), months=st.tuples(_MONTHS, _MONTHS)
)
def test_typed_values_stay_and_others_follow(
    first: dict[str, str],
    now: dict[str, str],
    typed: dict[str, str],
    years: tuple[int, int, int],
    months: tuple[int | None, int | None],
) -> None:
    seen = Seen.of(row(first, years[0], months[0]))
    person = row(now, years[1], months[1])
    data = QueryDict(mutable=True)
    data.update({**texts(person), **typed, "birth": str(years[2]), "sex": "F"})
    sent = data.dict()
    merge(data, seen=seen, person=person)
    for name in LABELS:
        untouched = same(name, str(sent[name]), seen.texts[name])
        assert data[name] == (texts(person)[name] if untouched else sent[name]), name


@given(values=_TEXTS, year=_YEARS, month=_MONTHS)
def test_what_a_page_showed_comes_back_unless_somebody_touched_it(
    values: dict[str, str], year: int, month: int | None
) -> None:
    seen = Seen.of(row(values, year, month))
    assert Seen.unpacked(seen.packed()) == seen
    assert Seen.unpacked(seen.packed()[:-2] + "xx").texts == {}


@given(day=st.integers(1, 28), month=st.integers(1, 12), year=st.integers(1900, 2020))
def test_a_date_is_the_same_however_it_is_written(day: int, month: int, year: int) -> None:
    assert same("birth", f"{day}/{month}/{year}", f"{day:02}/{month:02}/{year}")
    assert same("birth", f"{month}/{year}", f"00/{month:02}/{year}")
    assert not same("birth", f"{month}/{year}", str(year))
