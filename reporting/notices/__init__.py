"""The monthly notice to each commune: one page of its figures, rank, people to follow up and what to do next.

The letter asks for it: "Định kỳ hàng tháng tổng hợp kết quả và thông báo cho các địa phương biết để đôn đốc thực hiện".
"""
