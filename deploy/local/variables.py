"""Names of the environment variables that choose the stack or pass between its processes."""

STACK = "STACK"
ADMIN_DSN = "TONGZHOU_ADMIN_DATABASE_URL"
BOOTSTRAP_SERVERS = "TONGZHOU_KAFKA_BOOTSTRAP_SERVERS"
# From the launcher to the process that migrates: a JSON object, service to its owner's address.
OWNER_DSNS = "TONGZHOU_OWNER_DATABASE_URLS"
