"""Police rounds: opening, the worklist, answers and what becomes of them."""
