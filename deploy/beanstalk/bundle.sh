#!/usr/bin/env bash
# Makes the source bundle that Elastic Beanstalk takes:
#   deploy/beanstalk/bundle.sh SITE_CONFIG [FILE]
# SITE_CONFIG is your copy of deploy/beanstalk/site.config.example; FILE is dallyeok.zip where it is not given.
set -euo pipefail

if [ $# -lt 1 ] || [ ! -f "$1" ]; then
  echo "사용법: $0 SITE_CONFIG [FILE]  (site.config.example을 복사해 값을 채운 파일을 지정하세요)" >&2
  echo "Usage: $0 SITE_CONFIG [FILE]  (SITE_CONFIG: your copy of site.config.example)" >&2
  exit 2
fi
whole() { echo "$(cd "$(dirname "$1")" && pwd)/$(basename "$1")"; } # realpath -m is not on every system
site_config="$(whole "$1")"
bundle="$(whole "${2:-dallyeok.zip}")"
cd "$(dirname "$0")/../.."

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cp -R app.py models.py migrate_to_dynamodb.py gunicorn.conf.py requirements.txt calendar_server "$folder"
mkdir -p "$folder/deploy/aws"
cp deploy/aws/prices.json "$folder/deploy/aws"
cp -R deploy/beanstalk/Procfile deploy/beanstalk/.ebextensions deploy/beanstalk/.platform "$folder"
cp "$site_config" "$folder/.ebextensions/site.config"
find "$folder" -name __pycache__ -prune -exec rm -rf {} +

rm -f "$bundle"
(cd "$folder" && python3 -m zipfile -c "$bundle" ./* .ebextensions .platform)
echo "$bundle"
