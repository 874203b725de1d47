"""Who is online: slots, octets and open sessions in memory."""
