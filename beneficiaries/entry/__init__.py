"""People entered and corrected by hand: the CCCD or the card's QR code first, then one form; nothing is deleted."""
