"""Who is calling: log-in, tokens, API keys, operators."""
