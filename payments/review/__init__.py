"""The commune's monthly review: what the program finds, what the officer makes of it, what the Phòng says to it."""
