"""Comparable systems, measured beside ours with ``PEERS=1``."""
