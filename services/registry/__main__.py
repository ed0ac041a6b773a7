"""``python -m services.registry {api|relay|consume|migrate|all}``."""

from services.registry.app import SERVICE
from shared.runner import main

if __name__ == "__main__":
    raise SystemExit(main(SERVICE))
