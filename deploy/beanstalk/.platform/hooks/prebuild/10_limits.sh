#!/usr/bin/env bash
# The platform runs the Procfile's "web" as web.service: 10,000 sockets need more files than the default of 1,024, and
# gunicorn's graceful end takes up to 4 seconds (gunicorn.conf.py).
set -euo pipefail
directory="${UNIT_DIRECTORY:-/etc/systemd/system}/web.service.d"
mkdir -p "$directory"
cat > "$directory/50-dallyeok.conf" <<'UNIT'
[Service]
LimitNOFILE=65536
TimeoutStopSec=10
UNIT
systemctl daemon-reload
