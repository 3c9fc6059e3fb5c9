"""The server, put together: settings → store → services → edges.

``gunicorn --worker-class eventlet -w 1 app:app``, ``gunicorn --worker-class gevent -w 1 app:app`` and ``flask run`` load
:data:`app` from here; ``python app.py`` serves it by itself.
"""

if __name__ == "__main__":
    import warnings

    warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
    import eventlet

    eventlet.monkey_patch()  # before anything else is imported: what has been imported unpatched stays so

import sys
from typing import NoReturn

from flask import Flask
from flask_socketio import SocketIO
from werkzeug.middleware.proxy_fix import ProxyFix

from calendar_server import api, jobs, realtime, web
from calendar_server.config import Settings
from calendar_server.errors import SetupError
from calendar_server.jobs.registration import runs_a_command
from calendar_server.services.calendar import Calendar
from calendar_server.services.holidays import HolidayList
from calendar_server.services.upkeep import keep_up
from calendar_server.store.contract import Store
from calendar_server.store.embedded import EmbeddedStore
from calendar_server.wire import logs
from calendar_server.wire.gate import Gate
from calendar_server.wire.messages import in_both_languages

PORT = 5000


def open_store(settings: Settings) -> Store:
    """The store that the settings name.

    :raises StoreUnusable: the embedded store's file cannot be used. DynamoDB is not asked yet.
    """
    if settings.store == "embedded":
        return EmbeddedStore(settings.embedded_path)
    from models import DynamoDBDatabase  # boto3 is not loaded where it is not needed

    return DynamoDBDatabase(settings)


def create_app(settings: Settings, store: Store | None = None) -> Flask:
    """The WSGI application on ``store``, by default the one that ``settings`` name.

    Its SocketIO is ``app.extensions["socketio"]``, its services ``app.extensions["calendar"]``.

    :raises SetupError: the store cannot be used.
    """
    if store is None:
        store = open_store(settings)
    app = Flask("calendar_server")
    socketio = realtime.open_socketio(app, settings.fanout)
    neighbours = realtime.find_neighbours(settings, socketio)
    announcer = realtime.Announcer(socketio, neighbours)
    holidays = HolidayList(settings.holidays_file, in_both_languages)
    calendar = Calendar(store, announcer.announce, settings.secret_key, holidays)
    app.extensions["calendar"] = calendar
    announcer.serve(calendar)
    app.extensions["announcer"] = announcer
    api.register(app, calendar, with_metrics=settings.metrics)
    realtime.register(socketio, calendar, announcer, neighbours)
    web.register(app)
    jobs.register(app)
    _close_gate(app, settings)
    return app


def _close_gate(app: Flask, settings: Settings) -> None:
    app.wsgi_app = Gate(app.wsgi_app, settings)  # type: ignore[method-assign]
    proxies = settings.trusted_proxies
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]


def start() -> Flask:
    """The application of this process, with its log and, where it serves, its background tasks; the process ends where it
    cannot start.
    """
    try:
        settings = Settings.load()
        logs.configure(settings)
        started = create_app(settings)
    except SetupError as error:
        _refuse_to_start(error)
    if runs_a_command():
        return started
    tasks: SocketIO = started.extensions["socketio"]
    tasks.start_background_task(keep_up, started.extensions["calendar"].store, tasks.sleep)
    started.extensions["announcer"].start()
    return started


def _refuse_to_start(error: SetupError) -> NoReturn:
    lines = ["서버를 시작할 수 없습니다. / The server cannot start:", *(f"  • {problem}" for problem in error.problems)]
    sys.stderr.write("\n".join(lines) + "\n")
    raise SystemExit(1)


app = start()
socketio: SocketIO = app.extensions["socketio"]

if __name__ == "__main__":
    sys.stderr.write(f"달력 서버를 시작했습니다 / Calendar server is ready: http://127.0.0.1:{PORT}\n")
    socketio.run(app, host="127.0.0.1", port=PORT)
