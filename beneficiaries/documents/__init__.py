"""Letters, lists and decisions on changes, made from the data as docx files in the layout of NĐ 30/2020/NĐ-CP."""
