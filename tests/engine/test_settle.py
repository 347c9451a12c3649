"""What the settler does with calls that carry several documents, and with answers that leave some of them out."""
