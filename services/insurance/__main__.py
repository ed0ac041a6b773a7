"""``python -m services.insurance {api|relay|consume|migrate|all}``."""

from services.insurance.app import SERVICE
from shared.runner import main

if __name__ == "__main__":
    raise SystemExit(main(SERVICE))
