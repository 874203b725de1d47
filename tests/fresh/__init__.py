"""`make fresh`: an empty Debian in a folder, the install scripts in it, and what they install, up to a login.

Neither an engine of containers nor systemd is needed: each service of docker-compose.yml, each unit of `make install`
is started as its file says, with its user, its view of the file system, its capabilities, system calls and network.
"""
