"""``python -m services.guarantee {api|relay|consume|migrate|all}``."""

from services.guarantee.app import SERVICE
from shared.runner import main

if __name__ == "__main__":
    raise SystemExit(main(SERVICE))
