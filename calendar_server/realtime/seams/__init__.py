"""The one place that reaches behind the public face of the socket libraries.

Read in python-engineio 4.15.1, python-socketio 5.18.1, eventlet 0.41.3 and simple-websocket 1.1.0; look here first when
one of them is raised.

* :mod:`.hardening`: what is checked and bounded around the libraries' own websockets and queues;
* :mod:`.engine_sessions`: Engine.IO sessions seen from outside: counting, closing;
* :mod:`.going_direct`, with :mod:`.direct_rooms` and :mod:`.direct_sessions`, takes websockets out of the hands of the web
  server and of the libraries' greenlets, queues and timers, and messages to rooms out of their loop (``FANOUT=direct``,
  under eventlet and gevent). What they lean on is listed with :data:`LEANED_ON`, which a test compares with the
  libraries that are installed.
"""

LEANED_ON = {
    "python-engineio": "4.15.1",
    "python-socketio": "5.18.1",
    "gunicorn": "25.3.0",
    "eventlet": "0.41.3",
    "gevent": "26.9.0",
}
"""The versions in which the following was read:

* ``engineio.Socket``: ``queue`` is where :meth:`send` and :meth:`close` put packets, and None at the end; a websocket
  sets ``connected`` and ``upgraded``, and ``upgrading`` while it takes over; ``schedule_ping`` clears ``last_ping`` and
  starts ``_send_ping`` as a background task; ``_upgrade_websocket`` hands ``_websocket_handler`` to
  ``server._async["websocket"]``;
* ``engineio.Server``: ``sockets`` by id; ``_handle_connect`` schedules the first ping before ``connected`` is set; with
  ``monitor_clients=False`` it looks after nobody;
* ``socketio.Server.environ`` keeps each session's WSGI environ; ``Manager.rooms[namespace][room]`` maps socket ids to
  Engine.IO ids; all membership goes through ``basic_enter_room`` and ``basic_leave_room``; what goes to a single socket
  past ``emit``, acknowledgements among it, goes through ``engineio.Server.send``;
* gunicorn's eventlet and gevent workers let StopIteration end a connection without an answer, and close their own file
  descriptor then, not its duplicates.
"""
