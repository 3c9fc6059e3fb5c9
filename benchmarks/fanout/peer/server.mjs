// The reference: Socket.IO on Node with express, in memory, with this project's routes and messages.
// Usage: node server.mjs PORT

import { createHash, randomUUID } from "node:crypto";
import { createServer } from "node:http";

import express from "express";
import { Server } from "socket.io";

const CURSOR_LENGTH = 133; // as long as those of this project
const app = express();
const httpServer = createServer(app);
const io = new Server(httpServer);
const departments = new Map();
const events = new Map();

const now = () => new Date().toISOString();
const roomOf = (departmentId) => `department:${departmentId}`;
const failure = (error, message) => ({ success: false, error, message });

function cursorOf(departmentId, seq) {
  const text = createHash("sha256").update(`${departmentId}:${seq}`).digest("base64url");
  return text.repeat(Math.ceil(CURSOR_LENGTH / text.length)).slice(0, CURSOR_LENGTH);
}

function placeOf(department) {
  return { cursor: cursorOf(department.id, department.seq), seq: department.seq };
}

function announce(type, event) {
  const department = departments.get(event.department_id);
  department.seq += 1;
  const meta = { department_id: department.id, ...placeOf(department), mutation_id: null };
  io.to(roomOf(department.id)).emit(type, event, meta);
  return meta;
}

function madeEvent(departmentId, body) {
  const created = now();
  return {
    id: randomUUID(),
    department_id: departmentId,
    event_date: body.event_date,
    title: body.title,
    description: body.description ?? "",
    time: body.time ?? "",
    start_time: "14:00",
    end_time: null,
    url: body.url ?? "",
    created_at: created,
    last_modified: created,
    version: 1,
  };
}

app.disable("x-powered-by");
app.use(express.json({ limit: "1mb" }));

app.post("/api/departments", (request, response) => {
  const { name, description = "" } = request.body;
  const department = { id: randomUUID(), name, description, created_at: now(), seq: 0 };
  departments.set(department.id, department);
  response.status(201).json({ success: true, department });
});

app.post("/api/events/:department_id", (request, response) => {
  const department = departments.get(request.params.department_id);
  if (!department) return response.status(404).json(failure("department_not_found", "부서를 찾을 수 없습니다."));
  if (typeof request.body.title !== "string") return response.status(422).json(failure("validation_failed", "title"));
  const event = madeEvent(department.id, request.body);
  events.set(event.id, event);
  const { cursor, seq } = announce("event_created", event);
  return response.status(201).json({ success: true, event, cursor, seq });
});

app.put("/api/events/:event_id", (request, response) => {
  const event = events.get(request.params.event_id);
  if (!event) return response.status(404).json(failure("event_not_found", "이벤트를 찾을 수 없습니다."));
  const { id, department_id } = event;
  Object.assign(event, request.body, { id, department_id, version: event.version + 1, last_modified: now() });
  const { cursor, seq } = announce("event_updated", event);
  return response.json({ success: true, event, cursor, seq });
});

io.on("connection", (socket) => {
  socket.emit("connected", { message: "서버에 연결되었습니다.", sid: socket.id });
  socket.on("join_department", ({ department_id }, acknowledge) => {
    const department = departments.get(department_id);
    if (!department) return acknowledge(failure("department_not_found", "부서를 찾을 수 없습니다."));
    socket.join(roomOf(department_id));
    return acknowledge({ success: true, department_id, ...placeOf(department) });
  });
});

httpServer.keepAliveTimeout = 75_000;
httpServer.listen(Number(process.argv[2]), "127.0.0.1");
