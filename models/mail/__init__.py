"""E-mail: whose server sends it, what is to be sent, and what became of it."""
