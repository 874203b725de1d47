"""The parts in containers, one or two in each (docker-compose.yml): secrets by file, supervised by s6 as elsewhere."""
