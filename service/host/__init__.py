"""What of the machine an installation uses: account, directories, ports, settings."""
