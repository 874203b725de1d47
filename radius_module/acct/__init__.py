"""The acct process of FreeRADIUS: from the packet to the process that stores."""
