// Joins a department, makes one event over REST and prints what it hears, one JSON document on a line.
// Arguments: the server's address, the transport (websocket or polling), the department's id.
import { io } from "socket.io-client";

const [address, transport, departmentId] = process.argv.slice(2);
const print = (what, ...values) => console.log(JSON.stringify({ what, values }));
let posted;
const socket = io(address, { transports: [transport], reconnection: false });

function fail(reason) {
  console.error(String(reason));
  process.exit(1);
}

setTimeout(() => fail("nothing came in time"), 15_000);
socket.on("connect_error", fail);
socket.on("connected", (greeting) => print("connected", greeting));
socket.on("sync_response", (answer) => print("sync_response", answer));
socket.on("event_created", async (event, meta) => {
  print("event_created", event, meta);
  print("posted", await posted);
  socket.emit("leave_department", { department_id: departmentId }, (answer) => {
    print("left", answer);
    socket.disconnect();
    process.exit(0);
  });
});

socket.on("connect", async () => {
  const joined = await socket.emitWithAck("join_department", { department_id: departmentId });
  print("joined", joined);
  const again = { department_id: departmentId, cursor: joined.cursor };
  print("rejoined", await socket.emitWithAck("join_department", again));
  print("synced", await socket.emitWithAck("sync_request", { department_id: departmentId }));
  print("refused", await socket.emitWithAck("join_department", null));
  print("unknown", await socket.emitWithAck("no_such_event", 1, 2, 3));
  posted = fetch(`${address}/api/events/${departmentId}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ title: "팀 회의", event_date: "2024-01-20" }),
  }).then((answer) => answer.json());
});
