"""What arrives: FreeRADIUS' lines of an Access- or Accounting-Request, as values."""
