"""Declared maps: templates over a record's fields. Pure."""
