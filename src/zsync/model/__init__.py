"""Pure values: money, keys, documents, records, intents. Nothing here does input or output."""
