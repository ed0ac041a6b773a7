"""Every bound of the kernel's background work, with its unit in its name."""

PAGE_ROWS = 2000
SEND_DEADLINE_S = 20.0
STOP_DEADLINE_S = 3.0
CONNECT_TIMEOUT_S = 5.0
SHORTEST_IDLE_S = 0.005
LONGEST_IDLE_S = 0.05
LONGEST_HEARING_IDLE_S = 1.0
"""A relay that is told of commits looks by itself as often as it checks its leases."""
FIRST_BACKOFF_S = 0.1
LONGEST_BACKOFF_S = 5.0
STATEMENT_DEADLINE_S = 10.0
LEASE_CHECK_S = 1.0
RELEASE_EVERY_S = 0.1
SPAN_LINKS = 32
PARKED_KEYS_LIMIT = 200
