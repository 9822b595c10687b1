"""Other tools' files as records of ours. Pure: no database, no clock, no network."""
