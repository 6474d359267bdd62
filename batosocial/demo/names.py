"""Given names and hamlets of the demo district, as they are heard in Ba Tơ; nobody in particular."""

FAMILIES = [("Phạm", 84), ("Đinh", 7), ("Nguyễn", 3), ("Lê", 3), ("Trần", 2), ("Võ", 1)]

_MEN = """
Rin Gríp Brít Dế Ểu Ơi Đá Tèo Xô Bút Hưng Lực Sinh Tâm Nghĩa Huy Thành Dũng Nhiên Xiêm Veo Vút Ngót
Rớ Tru Lộc Hiếu Thắng Khiêm Đeng Vải Ghênh Hrói Cớp Trếch Mai Nỡ Téo Bờ Xà Đốc Chúc
"""
_WOMEN = """
Đeo Nhè Vít Trin Gắm Ới Dum Na Hồng Huyền Xuân Thủy Ánh Hòa Điệp Thiên Thoa Hiền Lan Rô Nghé Xí Mía
Nhớ Bưởi Lớp Thế Rang Ngó Diếp Vải Năm Bé Thương Hạnh Mỡ Sa Trếp Hơ Ngỡ Dép Ui
"""
_HAMLETS = """
Gò Rét, Nước Lầy, Làng Mạ, Mang Lùng, Trà Nô, Làng Dút, Nước Như, Gò Lê, Làng Trăng, Nước Đang,
Cây Muối, Con Rã, Gò Năng, Làng Tương, Đồng Vào, Nước Lăng, Làng Vờ, Mang Đen, Gò Ghèm, Nước Y,
Làng Rẫy, Kà La, Nước Lô, Gò Lút, Làng Giấy, Mô Lang
"""

MEN = _MEN.split()
WOMEN = _WOMEN.split()
HAMLETS = [name.strip() for name in _HAMLETS.split(",")]
