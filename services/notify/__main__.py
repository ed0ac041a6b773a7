"""``python -m services.notify {api|relay|consume|migrate|all}``."""

from services.notify.app import SERVICE
from shared.runner import main

if __name__ == "__main__":
    raise SystemExit(main(SERVICE))
