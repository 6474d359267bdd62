"""Files of people of merit that differ from their cards: request Mẫu 26 to decision Mẫu 75 (Điều 130 NĐ 131/2021)."""
