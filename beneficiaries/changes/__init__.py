"""Changes in what people receive: proposed by a commune, appraised by the Phòng, decided, applied; and moves."""
