"""A small application on the server's own Socket.IO set-up, to emit what the calendar itself never does."""

import os

from flask import Flask

from calendar_server.realtime import open_socketio

app = Flask(__name__)
socketio = open_socketio(app, os.environ.get("FANOUT", "direct"))
answers = []


@app.get("/healthz")
def alive():
    return "ok"


@app.get("/answers")
def given_answers():
    return {"answers": answers}


for namespace in ("/", "/other"):

    @socketio.on("enter", namespace=namespace)
    def enter(room, namespace=namespace):
        from flask import request

        socketio.server.enter_room(request.sid, room, namespace=namespace)
        return "entered"

    @socketio.on("leave", namespace=namespace)
    def leave(room, namespace=namespace):
        from flask import request

        socketio.server.leave_room(request.sid, room, namespace=namespace)
        return "left"


@socketio.on("burst")
def burst(room, count):
    """Text, bytes, several arguments, rooms, everyone and another namespace, one after the other without a pause."""
    from flask import request

    for number in range(count):
        socketio.emit("plain", {"number": number, "text": "안녕"}, to=room)
        socketio.emit("several", (number, "둘"), to=room)
        socketio.emit("nothing", to=room)
        socketio.emit("binary", {"number": number, "bytes": bytes([number % 256, 0, 255])}, to=room)
        socketio.emit("everyone", number)
        socketio.emit("elsewhere", number, to=room, namespace="/other")
        socketio.emit("others", number, to=room, skip_sid=request.sid)
        socketio.emit("mine", number, to=request.sid)
    return "done"


@socketio.on("ask")
def ask(room):
    """A message to each in the room that is to be acknowledged."""
    socketio.emit("question", "?", to=room, callback=lambda *answer: answers.append(list(answer)))
    return "asked"


@socketio.on("turn out")
def turn_out(sid):
    socketio.server.disconnect(sid)
    return "gone"
