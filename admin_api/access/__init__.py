"""Who is calling: login, tokens, API keys, operators."""
