"""The network: a typed client, limits, tokens, secrets. Import the module you need; only `client` and `auth` import httpx2."""
