#!/usr/bin/env bash
# Runs a command with the settings, the user and the folder of calendar@.service:
#   sudo deploy/systemd/as-server.sh flask backup /var/backups/dallyeok/by-hand.backup
set -euo pipefail
settings=/etc/dallyeok/calendar.env

if [ $# -lt 1 ] || [ ! -r "$settings" ]; then
  echo "사용법: sudo $0 명령 ...  (${settings}는 root만 읽을 수 있습니다)" >&2
  echo "Usage: sudo $0 COMMAND ...  (only root can read $settings)" >&2
  exit 2
fi
umask 077
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# cron's PATH lacks runuser.
export PATH="$PWD/.venv/bin:$PATH:/usr/sbin:/sbin"
# What the unit sets itself; the file wins over it, as it does there.
export PYTHONDONTWRITEBYTECODE=1 FLASK_ENV=production
export EMBEDDED_PATH=/var/lib/dallyeok/calendar.sqlite3
exec dotenv -f "$settings" run -- runuser -u calendar -- "$@"
