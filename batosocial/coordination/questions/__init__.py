"""Questions (vướng mắc) of communes and the answers of the Phòng."""
