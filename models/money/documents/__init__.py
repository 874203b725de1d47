"""Invoices, credit notes, receipts, proformas: composed, numbered, chained, corrected, run through for everybody."""
