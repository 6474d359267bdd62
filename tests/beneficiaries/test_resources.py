"""Columns of lists: one declaration whose headings the importer reads back."""

import datetime

import pytest

from batosocial.lib.dates import PartialDate
from beneficiaries.imports.columns import find_layout
from beneficiaries.imports.people.columns import COLUMNS
from beneficiaries.models import Payee, Person
from beneficiaries.resources import AccountResource, PersonResource, columns, headings

pytestmark = pytest.mark.django_db


class TestHeadings:
    def test_the_importer_knows_every_column_of_people_by_its_heading(self) -> None:
        declared = headings(PersonResource)
        layout = find_layout([list(declared.values())], COLUMNS)
        assert layout is not None
        assert layout.columns == {name: index for index, name in enumerate(declared)}
        assert COLUMNS.missing(layout.columns) == []

    def test_what_a_template_offers_comes_from_the_catalogue(self) -> None:
        people = columns(PersonResource)
        assert {"BTXH-5C", "NCC-9"} <= set(people["category"].choices)
        assert "Agribank" in people["provider"].choices
        assert people["owner"].choices == ["Chính chủ", "Người giám hộ", "Người được ủy quyền"]
        assert people["name"].choices == []

    @pytest.mark.parametrize("resource", [PersonResource, AccountResource])
    def test_examples_are_as_many_in_each_column_or_none(self, resource: type) -> None:
        assert {len(column.examples) for column in columns(resource).values()} <= {0, 2}


class TestWidgets:
    def test_a_partial_date_stays_partial(self) -> None:
        widget = columns(PersonResource)["birth"].widget
        assert widget.render(PartialDate(1942)) == "1942"
        assert widget.clean("5/1942") == PartialDate(1942, 5)

    def test_an_amount_is_a_number_and_an_unreadable_one_an_error(self) -> None:
        widget = columns(PersonResource)["amount"].widget
        assert widget.render(1_639_000) == 1_639_000
        assert widget.clean("1.639.000đ") == 1_639_000
        with pytest.raises(ValueError):
            widget.clean("một triệu")

    def test_a_number_of_a_card_is_text_and_can_be_masked(self) -> None:
        widget = columns(PersonResource)["cccd"].widget
        assert widget.render("051167000123") == "051167000123"
        assert widget.render("051167000123", mask=True) == "•••• 0123"
        with pytest.raises(ValueError, match="12"):
            widget.clean("12345678")

    def test_a_choice_is_read_by_its_label_whatever_its_accents(self) -> None:
        owner, sex = columns(PersonResource)["owner"].widget, columns(PersonResource)["sex"].widget
        assert owner.clean("nguoi giam ho") == Payee.Kind.GUARDIAN
        assert owner.render(Payee.Kind.GUARDIAN) == "Người giám hộ"
        assert sex.clean("nữ") == Person.Sex.FEMALE
        with pytest.raises(ValueError, match="Chính chủ"):
            owner.clean("bạn bè")

    def test_a_day_needs_all_its_parts(self) -> None:
        widget = columns(AccountResource)["opened_on"].widget
        assert widget.clean("15/7/2024") == datetime.date(2024, 7, 15)
        assert widget.render(datetime.date(2024, 7, 15)) == "15/07/2024"
        with pytest.raises(ValueError, match="ngày"):
            widget.clean("7/2024")
