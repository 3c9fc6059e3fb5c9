"""The peer of ``reading.py``: the same route in plain Flask, querying the store at each request."""

from __future__ import annotations

import os
import sqlite3

from flask import Flask, Response, jsonify

from calendar_server.domain.times import read_time

app = Flask(__name__)
app.json.ensure_ascii = False
db = sqlite3.connect(os.environ["EMBEDDED_PATH"], check_same_thread=False)
db.row_factory = sqlite3.Row


@app.get("/api/events/<department_id>")
def events(department_id: str) -> Response:
    """All events of a department, in order."""
    if db.execute("SELECT 1 FROM departments WHERE id = ?", (department_id,)).fetchone() is None:
        return Response(status=404)
    found = []
    for row in db.execute("SELECT * FROM events WHERE department_id = ?", (department_id,)):
        start, end = read_time(row["time"])
        found.append({**dict(row), "start_time": start, "end_time": end})
    found.sort(key=lambda event: (event["event_date"], event["start_time"] or "", event["id"]))
    return jsonify(success=True, events=found)


@app.get("/healthz")
def healthz() -> Response:
    """For the harness."""
    return jsonify(success=True)
