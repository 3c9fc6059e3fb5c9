#!/usr/bin/env bash
# Workers for nginx in front, until Ctrl-C: "start-workers.sh 4" starts them on 127.0.0.1:8001 to 8004.
# For trying it out; a service manager starts each by itself (deploy/README.md).
set -euo pipefail
number=${1:-2}
first_port=${2:-8001}
cd "$(dirname "$0")/../.."

workers=()
stop() {
  trap - EXIT INT TERM
  kill "${workers[@]}" 2>/dev/null || true
  wait
}
trap stop EXIT INT TERM

for ((i = 0; i < number; i++)); do
  gunicorn --worker-class eventlet -w 1 app:app --bind "127.0.0.1:$((first_port + i))" &
  workers+=($!)
done
wait -n
