"""Banks by the names people write."""

import pytest

from beneficiaries.providers import ProviderNames

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("written", "bin"),
    [
        ("Agribank", "970405"),
        ("agribank ba tơ", "970405"),
        ("AGRIBANK chi nhánh Ba Tơ", "970405"),
        ("Ngân hàng Nông nghiệp và Phát triển Nông thôn Việt Nam", "970405"),
        ("NHNo&PTNT", "970405"),
        ("970405", "970405"),
        # The bank was renamed in July 2024; the lists keep its earlier name.
        ("LienVietPostBank", "970449"),
        ("Liên Việt", "970449"),
        ("LPBank", "970449"),
        ("NHCSXH", "999888"),
    ],
)
def test_found_by_name_alias_and_code(written: str, bin: str) -> None:
    found = ProviderNames.load().find(written)
    assert found is not None
    assert found.bin == bin


@pytest.mark.parametrize("written", ["", "NH Sao Hỏa", "Ngân hàng", "AgribankX", "ag"])
def test_what_names_none_or_several_is_none(written: str) -> None:
    assert ProviderNames.load().find(written) is None


def test_similar_names_are_offered() -> None:
    assert "Agribank" in ProviderNames.load().like("nông nghiệp")
    assert ProviderNames.load().like("") == []
