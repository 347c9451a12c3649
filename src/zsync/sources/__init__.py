"""Sources: where records come from. One folder each, the same file names in all of them."""
