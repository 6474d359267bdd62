"""A commune's own workbook on its way into the register: read, check every row, preview, accept."""
