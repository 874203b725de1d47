"""What is done through a router's own API: looked at, compared, set up."""
