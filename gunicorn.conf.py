"""Settings of gunicorn, which reads this file from the working directory; its own options on the command line win."""

import logging
import os
import resource
import sys
import warnings

import gunicorn.util

worker_class = "eventlet"
workers = 1  # sockets of several processes would not hear each other
worker_connections = 12_000  # room for 10,000 open sockets; at the default of 1,000 nobody else would be answered
preload_app = False  # the app is loaded after the fork, where the worker class has patched what it needs
keepalive = 2  # seconds; shorter than the next, so that idle connections do not outlast a stop
graceful_timeout = 4  # seconds from SIGTERM to the end, whatever still runs

# Who is believed about scheme and path is said by TRUSTED_PROXIES alone.
secure_scheme_headers = {}
forwarder_headers = ""
forwarded_allow_ips = "*"  # trusted with nothing, by the two lines above; comparing addresses costs 5 % of a request

# No second way to steer the server, and no file in the home directory.
control_socket_disable = True

# The last gunicorn with an eventlet worker is pinned on purpose, so its announcements of the end help nobody.
warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
logging.getLogger("gunicorn.error").addFilter(lambda record: "eventlet worker is DEPRECATED" not in record.getMessage())


SPARE_DESCRIPTORS = 512  # for the store, logs, AWS connections


def on_starting(server):  # noqa: ARG001 - gunicorn gives the server
    """Each socket takes a file descriptor: take as many as the system allows, and say so where they are too few."""
    _check_metrics_directory()
    wanted = worker_connections + SPARE_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < wanted:
        enough_for = allowed - SPARE_DESCRIPTORS
        print(
            f"열 수 있는 파일 수(ulimit -n, systemd의 LimitNOFILE)가 {allowed}개라서 동시 접속을 {enough_for}개쯤까지만 "
            f"받습니다. {wanted}개 이상을 권합니다.\n"
            f"The limit of open files (ulimit -n, LimitNOFILE of systemd) is {allowed}, which is enough for about "
            f"{enough_for} connections; {wanted} or more are recommended.",
            file=sys.stderr,
            flush=True,
        )


def _check_metrics_directory():
    shared = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if shared == "":
        del os.environ["PROMETHEUS_MULTIPROC_DIR"]
    elif shared is not None and not os.path.isdir(shared):
        sys.exit(
            f"PROMETHEUS_MULTIPROC_DIR={shared!r}: 이미 있는 빈 디렉터리를 지정하세요. / must be an empty directory that exists"
        )


def post_worker_init(worker):
    """The app is loaded and about to serve."""
    from calendar_server.realtime import close_sockets_when, mark_sessions

    gunicorn.util.write_error = _answer_unreadable
    extensions = worker.wsgi.extensions
    if isinstance(worker.cfg.address[0], tuple):  # its port: a proxy may tell several workers' sessions apart by it
        mark_sessions(extensions["socketio"], str(worker.cfg.address[0][1]))
    close_sockets_when(lambda: not worker.alive, extensions["socketio"], extensions["calendar"].waiting)
    if worker.age == 1:
        for address in worker.cfg.address:
            print(f"달력 서버를 시작했습니다 / Calendar server is ready: {_url(address)}", flush=True)


def _answer_unreadable(sock, status_int, reason, mesg):  # noqa: ARG001 - gunicorn gives four arguments
    """What is no HTTP is refused in JSON like everything else; gunicorn would answer with a page of HTML."""
    from calendar_server.api.unreadable import unreadable_answer

    gunicorn.util.write_nonblock(sock, unreadable_answer(status_int, mesg))


def post_request(worker, req, environ, resp):  # noqa: ARG001 - gunicorn gives four arguments
    """A worker that is going down keeps no connection open for further requests."""
    if not worker.alive:
        req.force_close()


def child_exit(server, worker):  # noqa: ARG001 - gunicorn gives both
    """What a worker that has ended was busy with counts no longer."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        from calendar_server import measures

        measures.forget_process(worker.pid)


def worker_exit(server, worker):
    """A worker that could not start has said why; without this, gunicorn would start it again and again."""
    if not worker.booted:
        sys.exit(server.WORKER_BOOT_ERROR)


def _url(address):
    if isinstance(address, str):
        return f"unix:{address}"
    host, port = address[:2]
    if host in ("", "0.0.0.0", "::"):  # noqa: S104 - it is shown, not bound
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
