"""The kit that all Zoho products share: data centres, sign-in, the envelope of answers, the error table."""
