"""Requests to devices: what the outbox asks for, sent as CoA or Disconnect and followed until it is seen to be so."""
