"""A round by file: its worklist as a workbook that is filled in without the portal, and the answers coming back."""
