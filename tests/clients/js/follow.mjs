// Follows departments with the real client. Commands come in on stdin, answers go out on stdout, a JSON document a line.
// Arguments: the server's address and the departments' ids.
import { createInterface } from "node:readline";
import { io } from "socket.io-client";
import { CalendarSync } from "./dallyeok-sync.js";

const [url, ...departmentIds] = process.argv.slice(2);
const print = (document) => console.log(JSON.stringify(document));
const timing = { answerMs: 3_000, retryMs: 100, retryMaxMs: 500, requestMs: 3_000 };
const ioOptions = { reconnectionDelay: 100, reconnectionDelayMax: 500, timeout: 3_000 };
const calendar = new CalendarSync({ url, io, ioOptions, timing, onError: (error) => broken.push(String(error)) });

/** What a client must never see: numbers with a gap, twice, or out of order. */
const broken = [];
const counts = { changes: 0, resets: 0, connections: 0 };
calendar.on("connection", (connected) => (counts.connections += Number(connected)));
const followed = departmentIds.map((id) => {
  const history = calendar.department(id);
  let last = 0;
  history.on("reset", () => {
    counts.resets += 1;
    last = history.seq;
  });
  history.on("change", (_type, _data, { seq }) => {
    counts.changes += 1;
    if (seq !== last + 1) broken.push(`${seq} after ${last} in ${id}`);
    last = seq;
  });
  return history;
});

const commands = {
  update: ({ event_id: id, fields }) =>
    calendar.updateEvent(id, fields).catch((error) => broken.push(`${error.code}: ${error.message}`)),
  state: () =>
    print({
      departments: calendar.departments.list(),
      events: Object.fromEntries(followed.map((history) => [history.id, history.list()])),
      settled: calendar.pending.length === 0 && followed.every(({ status }) => status === "online"),
      counts,
      broken,
    }),
  close: async () => {
    await calendar.close();
    process.stdin.destroy();
    print({ closed: true });
  },
};

createInterface({ input: process.stdin }).on("line", (line) => {
  const command = JSON.parse(line);
  commands[command.do](command);
});
