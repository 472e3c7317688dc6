#!/bin/sh
# The stores' addresses with the password of the secret, which is then in no image and no compose file.
password=$(cat /run/secrets/store-password)
export DATABASE_URL="postgres://chartbridge:$password@postgres:5432/chartbridge"
export REDIS_URL="redis://:$password@redis:6379"
# As scripts/setup/run.mjs runs it.
exec node --no-allocation-site-pretenuring src/main/start.ts --config /app/chartbridge.yaml --data-dir /data
