"""Every rule that a row is checked against, and how a table is found."""

from typing import Any

import pytest

from beneficiaries.imports.messages import ListRefused
from beneficiaries.models import ImportRow
from tests import factories as make
from tests.beneficiaries import import_lists as lists
from tests.beneficiaries.import_lists import check_rows, line, problems, workbook

pytestmark = pytest.mark.django_db

Outcome = ImportRow.Outcome


def only(*rows: list[Any], **layout: Any) -> tuple[str, str, str]:
    """The one message of a list of one row."""
    (row,) = check_rows(*rows, **layout)
    (problem,) = problems(row)
    return problem


class TestTable:
    def test_columns_in_any_order_under_their_many_names(self) -> None:
        header = [
            "Ghi chú",
            "Mức hưởng (đồng)",
            "Nhóm đối tượng",
            "Số ĐDCN/CCCD",
            "Giới tính",
            "Ngày, tháng, năm sinh",
            "HỌ VÀ TÊN",
            "STT",
        ]
        header[3] = "Số căn cước công dân"
        row = ["", 500_000, "btxh-5c", "096140000123", "Nữ", "12/05/1940", "Phạm Thị Đảo", 1]
        (checked,) = check_rows(row, header=header, foot=[])
        assert problems(checked) == []
        assert (checked.values.sex, str(checked.values.birth)) == ("F", "12/05/1940")
        assert checked.values.category is not None
        assert checked.values.category.code == "BTXH-5C"

    def test_birth_in_three_columns_below_one_heading(self) -> None:
        top = ["TT", "Họ tên", "Ngày tháng năm sinh", "", "", "Phái", "CCCD", "Mã ĐT", "Số tiền"]
        below = ["", "", "Ngày", "Tháng", "Năm"]
        row = [1, "Phạm Văn Ba", 12, 5, 1941, "Nam", "096041000123", "BTXH-5C", 500_000]
        (checked,) = check_rows(below, row, header=top, hamlet="", foot=[])
        assert str(checked.values.birth) == "12/05/1941"
        assert checked.outcome == Outcome.NEW

    def test_a_numbering_row_a_repeated_header_and_footers_are_nobody(self) -> None:
        rows = check_rows(
            ["(1)", "(2)", "(3)", "(4)", "(5)", "(6)"],
            line(tt=1),
            ["", "Cộng thôn", "", "", "", "", "", 500_000],
            ["", "II. Thôn Nước Lô:"],
            lists.HEADER,
            line(tt=2),
            hamlet="",
            foot=[
                ["", "TỔNG CỘNG:", "", "", "", "", "", 1_000_000],
                ["", "Bằng chữ: một triệu đồng"],
                ["", "", "", "", "", "", "Ba Động, ngày 2 tháng 7 năm 2024"],
                ["", "NGƯỜI LẬP", "", "", "", "", "", "", "KT. CHỦ TỊCH"],
                ["", "Phạm Văn Ký"],
            ],
        )
        assert [row.outcome for row in rows] == [Outcome.NEW, Outcome.NEW]
        assert [row.values.hamlet for row in rows] == ["", "Thôn Nước Lô"]

    def test_a_person_called_tong_cong_is_no_total(self) -> None:
        (row,) = check_rows(line(name="Tống Công Cộng"))
        assert row.outcome == Outcome.NEW

    def test_a_person_of_whom_only_the_name_is_given_is_not_lost(self) -> None:
        (row,) = check_rows([7, "Phạm Thị Thiếu"])
        said = " ".join(text for severity, _, text in problems(row) if severity == "error")
        assert "Năm sinh chưa có" in said
        assert "Chưa có mã đối tượng" in said
        assert "Chưa có số tiền" in said

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (workbook(header=["Một", "Hai", "Ba"]), "Không tìm thấy dòng tiêu đề"),
            (workbook(line(), header=["TT", "Họ và tên", "Nam", "Nữ", "", "Dân tộc"]), "thiếu cột: Số CCCD"),
            (workbook(), "không có dòng nào"),
            (workbook(line(), titles=["ỦY BAN NHÂN DÂN XÃ BA VINH"]), "XÃ BA VINH"),
            (workbook(line(), titles=["UBND XÃ BÌNH CHÂU"]), "XÃ BÌNH CHÂU"),
            (workbook(line(), titles=["DANH SÁCH NGƯỜI CÓ CÔNG"]), "Người có công"),
            (b"PK\x03\x04hong", "hỏng"),
            (b"\x00\x01\x02", "không phải là bảng tính"),
        ],
    )
    def test_what_cannot_be_taken_is_refused_with_what_to_do(self, content: bytes, words: str) -> None:
        with pytest.raises(ListRefused, match=words):
            lists.check(content)

    @pytest.mark.parametrize(
        ("code", "title", "taken"),
        [
            ("21484", "UBND THỊ TRẤN BA TƠ - HUYỆN BA TƠ", True),
            ("21520", "ỦY BAN NHÂN DÂN XÃ BA TÔ", True),
            ("21520", "ỦY BAN NHÂN DÂN XÃ BA TÔ".replace("Ô", "O\u0302"), True),
            ("21520", "ỦY BAN NHÂN DÂN THỊ TRẤN BA TƠ", False),
            ("21484", "ỦY BAN NHÂN DÂN XÃ BA TÔ", False),
            ("21520", "DANH SÁCH TRỢ CẤP XÃ HỘI", True),
        ],
    )
    def test_ba_to_is_not_ba_to(self, code: str, title: str, taken: bool) -> None:
        communes = {unit.name: unit for unit in make.district().children.all()}
        commune = communes["Ba Tơ"] if code == "21484" else communes["Ba Tô"]
        content = workbook(line(), titles=[title])
        if taken:
            assert lists.check(content, commune=commune).counts["new"] == 1
        else:
            with pytest.raises(ListRefused):
                lists.check(content, commune=commune)

    def test_the_titles_month_decides_the_rates(self) -> None:
        titles = ["ỦY BAN NHÂN DÂN XÃ BA ĐỘNG", "Tháng 6 năm 2024"]
        assert "360.000 đ" in only(line(), titles=titles)[2]
        (row,) = check_rows(line(amount=360_000), titles=titles)
        assert problems(row) == []


class TestCells:
    @pytest.mark.parametrize(
        ("values", "severity", "column", "words"),
        [
            ({"name": ""}, "error", "B", "Chưa có họ tên"),
            ({"name": "Phạm Thị 5"}, "error", "B", "ký tự lạ 5"),
            ({"name": "P" * 151}, "error", "B", "151 ký tự"),
            ({"name": "=A1"}, "error", "B", "công thức"),
            ({"birth": "31/02/1940"}, "error", "D", "không có trong lịch"),
            ({"birth": "2025", "cccd": "096325000001"}, "error", "D", "sau hôm nay"),
            ({"birth": "khoảng 1940"}, "error", "D", "Không đọc được ngày sinh"),
            ({"birth": "01/01/1940"}, "warning", "D", "chỉ biết năm"),
            ({"cccd": 4.5e20}, "error", "E", "12 chữ số"),
            ({"cccd": True}, "error", "E", "12 chữ số"),
            ({"cccd": ""}, "warning", "E", "chưa ghi lý do"),
            ({"category": ""}, "error", "G", "Chưa có mã"),
            ({"category": "NCC-9"}, "error", "G", "Người có công"),
            ({"category": "MTP-BTXH"}, "error", "G", "một lần"),
            ({"amount": ""}, "error", "H", "Chưa có số tiền"),
            ({"amount": "năm trăm"}, "error", "H", "Không đọc được số tiền"),
            ({"amount": 0}, "error", "H", "0 đồng"),
            ({"amount": -500_000}, "error", "H", "số âm"),
            ({"account": "4507205000001", "owner": "chính chủ"}, "error", "J", "chưa có tên ngân hàng"),
            ({"account": "12345", "provider": "Agribank", "owner": "chính chủ"}, "error", "I", "6 đến 19"),
            ({"account": "45072050000A1", "provider": "Agribank", "owner": "chính chủ"}, "error", "I", "6 đến 19"),
            ({"account": 4.50720500000112e15, "provider": "Agribank", "owner": "bản thân"}, "error", "I", "mất chữ số"),
            ({"account": "450720500001", "provider": "Agribank", "owner": "chính chủ"}, "warning", "I", "thường có 13"),
            ({"account": "4507205000001", "provider": "NH Sao Hỏa", "owner": "chính chủ"}, "error", "J", "Sao Hỏa"),
            ({"account": "4507205000001", "provider": "Agribank", "owner": "cô Bảy"}, "error", "K", "cô Bảy"),
            ({"account": "4507205000001", "provider": "Agribank"}, "warning", "K", "lấy là chính chủ"),
            ({"provider": "Agribank"}, "warning", "J", "chưa có số tài khoản"),
            ({"birth": 1960}, "warning", "D", "từ 80 tuổi"),
            ({"note": "x" * 301}, "error", "L", "301 ký tự"),
        ],
    )  # fmt: skip
    def test_one_defect_one_message_at_its_cell(
        self, values: dict[str, Any], severity: str, column: str, words: str
    ) -> None:
        found = only(line(**values))
        assert found[:2] == (severity, column)
        assert words in found[2]

    def test_all_defects_of_a_row_are_told_at_once(self) -> None:
        (row,) = check_rows(line(name="", birth=1850, cccd="123", category="X", amount="?", account="1"))
        assert {column for severity, column, _ in problems(row) if severity == "error"} >= set("BDEGHI")

    def test_an_error_cell_is_told(self, tmp_path: Any) -> None:
        import io

        from openpyxl import load_workbook

        book = load_workbook(io.BytesIO(workbook(line())))
        cell = book[lists.SHEET].cell(lists.FIRST, 8)
        cell.value, cell.data_type = "#REF!", "e"
        out = io.BytesIO()
        book.save(out)
        (row,) = lists.check(out.getvalue()).rows
        ((severity, column, text),) = problems(row)
        assert (severity, column) == ("error", "H")
        assert "#REF!" in text

    def test_both_sex_columns_filled(self) -> None:
        row = line()
        row[2] = 1940
        assert only(row)[:2] == ("error", "C")

    @pytest.mark.parametrize(
        "written", ["Agribank", "AGRIBANK", "Agribank chi nhánh Ba Tơ", "NHNo&PTNT", "LienVietPostBank"]
    )
    def test_banks_by_their_names(self, written: str) -> None:
        number = "4507205000001" if "Viet" not in written else "450720500000"
        (row,) = check_rows(line(account=number, provider=written, owner="Chính chủ"))
        assert problems(row) == []
        assert row.values.provider is not None

    def test_a_child_with_an_account_of_its_own_deserves_a_look(self) -> None:
        values = {
            "birth": 2018,
            "category": "BTXH-6D",
            "amount": 1_000_000,
            "account": "4507205000001",
            "provider": "Agribank",
        }
        assert "người giám hộ" in only(line(**values, owner="Chính chủ"))[2]
        (row,) = check_rows(line(**values, owner="Người giám hộ"))
        assert problems(row) == []

    @pytest.mark.parametrize(
        ("birth", "fits"), [(1944, True), (1945, False), ("07/1944", True), ("01/08/1944", False), ("31/07/1944", True)]
    )
    def test_an_age_warns_only_where_no_reading_of_the_birth_date_fits(self, birth: Any, fits: bool) -> None:
        (row,) = check_rows(line(birth=birth))
        assert (problems(row) == []) is fits

    @pytest.mark.parametrize(
        ("note", "reason"),
        [
            ("già yếu, ốm đau", "frail"),
            ("Chưa đồng ý mở TK", "not_willing"),
            ("đi khỏi địa phương", "away"),
            ("", "other"),
        ],
    )
    def test_why_somebody_gets_cash(self, note: str, reason: str) -> None:
        (row,) = check_rows(line(note=note))
        assert row.values.cash_reason == reason


class TestAmounts:
    def test_a_single_parent_has_as_many_children_as_the_amount_has_rates(self) -> None:
        (row,) = check_rows(line(birth=1985, category="BTXH-4", amount=1_500_000))
        assert (row.values.dependants, problems(row)) == (3, [])

    def test_an_amount_between_two_rates_is_an_error(self) -> None:
        assert "bội số" in only(line(birth=1985, category="BTXH-4", amount=1_300_000))[2]

    def test_a_multiple_of_the_older_rate_is_a_warning(self) -> None:
        (row,) = check_rows(line(birth=1985, category="BTXH-4", amount=720_000))
        assert row.values.dependants == 2
        ((severity, _, text),) = problems(row)
        assert severity == "warning"
        assert "1.000.000 đ" in text

    def test_the_level_from_the_amount_where_it_tells_just_one(self) -> None:
        (row,) = check_rows(line(birth=1950, category="NCC-6.1TB", amount=1_878_000), policy="NCC")
        assert (row.values.level, problems(row)) == (21, [])

    def test_the_level_from_its_column(self) -> None:
        header = [*lists.HEADER[:-1], "Tỷ lệ"]
        rows = [
            [*line(birth=1950, category="NCC-6.1TB", amount=1_878_000)[:-1], written] for written in ("21%", 0.21, 21)
        ]
        assert [row.values.level for row in check_rows(*rows, policy="NCC", header=header)] == [21, 21, 21]
        wrong = [*line(birth=1950, category="NCC-6.1TB", amount=1_878_000)[:-1], "12%"]
        (row,) = check_rows(wrong, policy="NCC", header=header)
        assert problems(row)[0][:2] == ("error", "L")

    def test_an_amount_that_tells_no_level_is_an_error(self) -> None:
        found = only(line(birth=1950, category="NCC-6.1TB", amount=1_878_001), policy="NCC")
        assert "Tỷ lệ" in found[2]

    def test_an_amount_by_decision_is_taken_as_it_is(self) -> None:
        (row,) = check_rows(line(birth=1950, category="KC-QD142", amount=2_000_000), policy="NCC")
        assert (row.values.own_amount, problems(row)) == (2_000_000, [])


class TestRepeats:
    def test_clashing_social_benefits_of_one_person_are_an_error_on_both(self) -> None:
        number = make.cccd("F", 1940)
        rows = check_rows(line(tt=1, cccd=number), line(tt=2, cccd=number, category="BTXH-6B", amount=1_250_000))
        assert [row.outcome for row in rows] == [Outcome.ERROR, Outcome.ERROR]
        assert "dòng 7 (TT 2" in problems(rows[0])[0][2]
        assert "khoản 2 Điều 6" in problems(rows[1])[0][2]

    def test_a_single_parent_may_be_disabled_too(self) -> None:
        number = make.cccd("F", 1985)
        rows = check_rows(
            line(birth=1985, cccd=number, category="BTXH-4"),
            line(birth=1985, cccd=number, category="BTXH-6A", amount=1_000_000),
        )
        assert [problems(row) for row in rows] == [[], []]

    def test_several_merit_benefits_of_one_person_add_up(self) -> None:
        number = make.cccd("F", 1940)
        rows = check_rows(
            line(cccd=number, category="NCC-9", amount=1_673_000),
            line(cccd=number, category="NCC-10.2", amount=1_639_000),
            policy="NCC",
        )
        assert [row.outcome for row in rows] == [Outcome.NEW, Outcome.NEW]

    def test_the_same_benefit_twice_is_an_error(self) -> None:
        number = make.cccd("F", 1940)
        rows = check_rows(*[line(cccd=number, category="NCC-9", amount=1_673_000)] * 2, policy="NCC")
        assert [row.outcome for row in rows] == [Outcome.ERROR, Outcome.ERROR]

    def test_two_without_a_number_who_cannot_be_told_apart(self) -> None:
        rows = check_rows(line(cccd=""), line(cccd=""), line(cccd="", birth=1939))
        assert [row.outcome for row in rows] == [Outcome.ERROR, Outcome.ERROR, Outcome.NEW]

    def test_an_account_may_serve_several_people_of_a_guardian(self) -> None:
        bank = {"account": "4507205000001", "provider": "Agribank"}
        child = {"birth": 2018, "category": "BTXH-6D", "amount": 1_000_000}
        rows = check_rows(
            line(**bank, owner="chính chủ"),
            line(**bank, **child, owner="người giám hộ"),
            line(**bank, **child, owner="người giám hộ"),
        )
        assert [problems(row) for row in rows] == [[], [], []]
        rows = check_rows(line(**bank, owner="chính chủ"), line(**bank, owner="chính chủ"))
        assert [problems(row)[0][:2] for row in rows] == [("warning", "I")] * 2


class TestRegister:
    def test_a_number_of_another_commune_is_an_error_with_the_remedy(self) -> None:
        other = make.commune(make.BA_TO_TOWN)
        known = make.person(commune=other)
        found = only(line(name=known.name, birth=1950, category="BTXH-6B", amount=1_250_000, cccd=known.cccd))
        assert found[0] == "error"
        assert "đề nghị chuyển" in found[2]
        assert other.full_name in found[2]

    def test_the_dead_are_an_error(self) -> None:
        known = make.person(birth="1940", died_on=make.THIS_MONTH)
        assert "đã chết ngày 01/07/2024" in only(line(name=known.name, cccd=known.cccd))[2]

    def test_changed_fields_show_old_and_new(self) -> None:
        known = make.person("Phạm Thị Củ", birth="1941", hamlet="Thôn Xưa", ethnicity="Hrê")
        make.entitlement(known)
        make.route(known)
        (row,) = check_rows(line(name="Phạm Thị Cũ", birth="05/1941", cccd=known.cccd))
        assert row.outcome == Outcome.CHANGED
        assert row.changes == {
            "Họ và tên": ["Phạm Thị Củ", "Phạm Thị Cũ"],
            "Thôn, tổ": ["Thôn Xưa", "Thôn Thử"],
            "Ngày sinh": ["1941", "05/1941"],
        }

    def test_tone_place_less_precision_and_blanks_change_nothing(self) -> None:
        known = make.person("Phạm Thị Hoà", birth="12/05/1940", hamlet="Thôn Thử", phone="0901234567")
        make.entitlement(known)
        make.route(known)
        (row,) = check_rows(line(name="Phạm Thị Hòa", birth=1940, cccd=known.cccd, ethnicity=""))
        assert (row.outcome, row.changes) == (Outcome.UNCHANGED, {})

    def test_a_known_account_is_not_erased_by_a_blank(self) -> None:
        known = make.person("Phạm Thị Giữ", birth="1940", hamlet="Thôn Thử", ethnicity="H're")
        make.entitlement(known)
        route = make.route(known, account=make.account())
        (row,) = check_rows(line(name="Phạm Thị Giữ", cccd=known.cccd))
        assert row.outcome == Outcome.UNCHANGED
        ((severity, _, text),) = problems(row)
        assert severity == "warning"
        assert str(route.account) in text

    def test_another_name_and_year_on_a_known_number_is_changed_with_a_warning(self) -> None:
        known = make.person("Phạm Thị Này", birth="1938")
        make.entitlement(known)
        (row,) = check_rows(line(name="Đinh Văn Khác", cccd=known.cccd))
        assert row.outcome == Outcome.CHANGED
        assert any("trong sổ là của Phạm Thị Này" in text for _, _, text in problems(row))

    @pytest.mark.parametrize(("twins", "outcome"), [(0, Outcome.NEW), (1, Outcome.UNCHANGED), (2, Outcome.ERROR)])
    def test_without_a_number_only_one_namesake_is_the_same_person(self, twins: int, outcome: str) -> None:
        for _ in range(twins):
            known = make.person("Phạm Thị Không Số", birth="1940", hamlet="Thôn Thử", ethnicity="H're", cccd="")
            make.entitlement(known)
            make.route(known)
        # Of another hamlet, policy and commune: none of them is it.
        make.entitlement(make.person("Phạm Thị Không Số", birth="1940", hamlet="Thôn Khác", cccd=""))
        make.entitlement(make.person("Phạm Thị Không Số", birth="1940", hamlet="Thôn Thử", cccd=""), "NCC-9")
        town = make.commune(make.BA_TO_TOWN)
        make.entitlement(make.person("Phạm Thị Không Số", birth="1940", hamlet="Thôn Thử", cccd="", commune=town))
        (row,) = check_rows(line(name="Phạm Thị Không Số", cccd=""))
        assert row.outcome == outcome

    def test_whoever_has_got_a_number_since_is_recognised(self) -> None:
        known = make.person("Phạm Thị Vừa Có", birth="1940", hamlet="Thôn Thử", ethnicity="H're", cccd="")
        make.entitlement(known)
        make.route(known)
        number = make.cccd("F", 1940)
        (row,) = check_rows(line(name="Phạm Thị Vừa Có", cccd=number))
        assert row.person == known
        assert row.changes == {"Số CCCD": ["", number]}
