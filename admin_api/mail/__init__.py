"""`/api/billing/mail-settings` and `/api/billing/mails`: documents by e-mail."""
