"""Handing lists to the payers: the file of each payer and channel, its layout, and the places where cash is paid."""
