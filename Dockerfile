# One worker process a container. What it needs is in its environment: at least STORE and SECRET_KEY (.env.example has all).
FROM python:3.12.12-slim-bookworm AS packages

WORKDIR /build
COPY requirements.txt ./
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --only-binary :all: -r requirements.txt \
    && /opt/venv/bin/pip uninstall --yes pip

FROM python:3.12.12-slim-bookworm

RUN groupadd --gid 10001 calendar \
    && useradd --uid 10001 --gid calendar --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin calendar \
    && install --directory --owner=calendar --group=calendar --mode=0700 /data

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    FLASK_ENV=production \
    EMBEDDED_PATH=/data/calendar.sqlite3 \
    PORT=8000

WORKDIR /app
COPY --from=packages /opt/venv /opt/venv
COPY app.py models.py migrate_to_dynamodb.py gunicorn.conf.py ./
COPY calendar_server calendar_server
COPY deploy/aws/prices.json deploy/aws/prices.json

USER 10001:10001
VOLUME /data
EXPOSE 8000

# gunicorn's own end takes 4 seconds at most (gunicorn.conf.py); the 10 seconds that "docker stop" waits are enough.
STOPSIGNAL SIGTERM

HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import http.client as h, os; c = h.HTTPConnection('127.0.0.1', int(os.environ['PORT']), timeout=2); c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"]

# Workers behind one proxy need a PORT each: their sessions are told apart by it (deploy/nginx/several-workers.conf).
# The worker's heartbeat is a file: on /dev/shm no slow disk can make the worker look dead.
CMD ["sh", "-c", "exec gunicorn --worker-class eventlet -w 1 app:app --bind 0.0.0.0:$PORT --worker-tmp-dir /dev/shm"]
