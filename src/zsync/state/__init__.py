"""The state: one SQLite file. The only SQL of the program stands here."""
