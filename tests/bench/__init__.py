"""`make bench`: this project and FreeRADIUS' own `rlm_sql` under the same load, in one run, as ratios.

Path of a run: `__main__` (options) > `rounds` (which scenario, which side, how often) > a `side` (project or
stock: start, seed, observe) > `load` (packets out, latencies back) > `table` (ratios against targets).
"""
