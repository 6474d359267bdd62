"""Categories, dated rates, reasons for changes and providers of accounts, from beneficiaries/data.

The days on which the decrees were signed are settings (Rate.known_on), not constants: NĐ 20/2021 of 15/3/2021,
NĐ 55/2023 of 21/7/2023, NĐ 76/2024 and NĐ 77/2024 of 01/7/2024.
"""

import csv
import datetime
from pathlib import Path

from django.db import migrations

DATA = Path(__file__).parent.parent / "data"

RAISE_2024 = datetime.date(2024, 7, 1)
BEFORE = {
    "BTXH": (datetime.date(2021, 7, 1), datetime.date(2021, 3, 15), "NĐ 20/2021/NĐ-CP"),
    "NCC": (datetime.date(2023, 7, 1), datetime.date(2023, 7, 21), "NĐ 55/2023/NĐ-CP"),
}
NOW = {
    "BTXH": (RAISE_2024, RAISE_2024, "NĐ 76/2024/NĐ-CP"),
    "NCC": (RAISE_2024, RAISE_2024, "NĐ 77/2024/NĐ-CP"),
}
REGIMES = {
    "trợ cấp xã hội hằng tháng": "allowance",
    "hỗ trợ kinh phí chăm sóc, nuôi dưỡng hằng tháng": "care",
    "trợ cấp một lần": "one_off",
    "trợ cấp hằng năm": "one_off",
}
#: đ.b k1 Điều 8 NĐ 20/2021: information on HIV/AIDS is not posted in public.
CONFIDENTIAL = {"BTXH-3A", "BTXH-3B", "BTXH-8"}
#: Paid for each child or each person cared for (đ.d k1 Điều 6, Điều 20 NĐ 20/2021).
PER_DEPENDANT = {"BTXH-4", "CSND-1A", "CSND-1B", "CSND-2C", "CSND-2D1", "CSND-2D2"}
#: Ages in years by Điều 5 and Điều 6 NĐ 20/2021, as [from, below].
AGES = {
    "BTXH-1A": [[0, 4]],
    "BTXH-1B": [[4, 16]],
    "BTXH-2": [[16, 22]],
    "BTXH-3A": [[0, 4]],
    "BTXH-3B": [[4, 16]],
    "BTXH-5A1": [[60, 80]],
    "BTXH-5A2": [[80, None]],
    "BTXH-5B": [[75, 80]],
    "BTXH-5C": [[80, None]],
    "BTXH-5D": [[60, None]],
    "BTXH-6A": [[16, 60]],
    "BTXH-6B": [[0, 16], [60, None]],
    "BTXH-6C": [[16, 60]],
    "BTXH-6D": [[0, 16], [60, None]],
    "BTXH-7": [[0, 3]],
}
LEVELS = {"NCC-6.1TB": "thuong_binh", "NCC-6.1TBB": "thuong_binh_loai_b"}
ALIASES = {
    "970405": ["Agribank", "NHNo&PTNT", "NHNN&PTNT", "Ngân hàng Nông nghiệp", "VBARD", "Agribank Ba Tơ"],
    "970449": ["LPBank", "LienVietPostBank", "Lien Viet Post Bank", "LPB", "Liên Việt", "Bưu điện Liên Việt"],
    "999888": ["NHCSXH", "Ngân hàng Chính sách"],
}
#: From memory (rules.md 7): a warning, never an error.
USUAL_LENGTHS = {"970405": [13], "970449": [12, 13], "970436": [10, 13], "970415": [12], "970418": [10, 14]}


def rows(name):
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def load(apps, schema_editor):
    Category = apps.get_model("beneficiaries", "Category")
    Rate = apps.get_model("beneficiaries", "Rate")
    rates = []
    for row in rows("policy_categories.csv"):
        code, policy = row["code"], row["policy"]
        clause = code.removeprefix("BTXH-")[0] if code.startswith("BTXH-") else None
        monthly = row["frequency"] == "tháng"
        amounts = (row["amount_vnd_before"], row["amount_vnd_2024_07_01"])
        category = Category.objects.create(
            policy=policy,
            code=code,
            name=row["name_vi"].strip(),
            regime=REGIMES.get(row["benefit_kind"], "merit" if monthly else "one_off"),
            legal_basis=row["legal_basis"],
            clause=int(clause) if clause else None,
            confidential=code in CONFIDENTIAL,
            per_dependant=code in PER_DEPENDANT,
            has_levels=code in LEVELS,
            amount_by_decision=monthly and not any(amounts) and code not in LEVELS,
            ages=AGES.get(code, []),
        )
        for amount, (valid_from, known_on, basis) in zip(amounts, (BEFORE[policy], NOW[policy]), strict=True):
            if amount:
                rates.append(
                    Rate(
                        category=category,
                        amount=int(amount),
                        valid_from=valid_from,
                        known_on=known_on,
                        legal_basis=basis,
                    )
                )
    levelled = {code: Category.objects.get(code=code) for code in LEVELS}
    for row in rows("ncc_thuong_binh_rates.csv"):
        for code, column in LEVELS.items():
            for suffix, (valid_from, known_on, basis) in (("2023_07_01", BEFORE["NCC"]), ("2024_07_01", NOW["NCC"])):
                rates.append(
                    Rate(
                        category=levelled[code],
                        level=int(row["ty_le_ton_thuong_pct"]),
                        amount=int(row[f"{column}_vnd_{suffix}"]),
                        valid_from=valid_from,
                        known_on=known_on,
                        legal_basis=basis,
                    )
                )
    Rate.objects.bulk_create(rates)

    ChangeReason = apps.get_model("beneficiaries", "ChangeReason")
    ChangeReason.objects.bulk_create(
        ChangeReason(
            scope=row["scope"],
            action=row["action"],
            code=row["code"],
            name=row["name_vi"],
            legal_basis=row["legal_basis"],
            effective_rule=row["effective_rule"],
            evidence=row["evidence_or_form"],
        )
        for row in rows("change_reasons.csv")
    )

    Payer = apps.get_model("staff", "Payer")
    post, bank = Payer.objects.get(code="BUUDIEN"), Payer.objects.get(code="AGRIBANK")
    Provider = apps.get_model("beneficiaries", "Provider")
    Provider.objects.bulk_create(
        Provider(
            bin=row["bin"],
            short_name=row["short_name"],
            name=row["full_name"],
            aliases=ALIASES.get(row["bin"], []),
            usual_lengths=USUAL_LENGTHS.get(row["bin"], []),
            # Accounts with other providers were opened with Bưu điện, which pays into them.
            payer=bank if row["bin"] == "970405" else post,
        )
        for row in rows("bank_bins.csv")
    )


class Migration(migrations.Migration):
    dependencies = [("beneficiaries", "0001_initial"), ("staff", "0002_payers")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
