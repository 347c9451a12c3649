"""Targets: where documents go. `zoho` is the kit that all Zoho products share."""
