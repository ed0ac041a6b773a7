"""``python -m services.credit {api|relay|consume|migrate|all}``."""

from services.credit.app import SERVICE
from shared.runner import main

if __name__ == "__main__":
    raise SystemExit(main(SERVICE))
