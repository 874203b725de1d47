"""Documents, their corrections, their files, and the runs that issue them for everybody."""
