/** What the calendar will be once the waiting writes have been sent: they are laid over what the server has said. */

const TEXTS = { title: "", description: "", time: "", url: "" };
/** The way this page itself writes times after a drag; any other is read by the server, when it gets it. */
const OWN_TIME = /^(\d{2}:\d{2})(?:~(\d{2}:\d{2}))?$/;

/** @param {any} write @returns {{kind: "events" | "departments", id: string} | null} what its address names */
export function target(write) {
  const [, , kind, id = ""] = write.path.split("/");
  return kind === "events" || kind === "departments" ? { kind, id: decodeURIComponent(id) } : null;
}

/** @param {Map<string, any>} events is changed @param {any[]} pending oldest first */
export function layOverEvents(events, pending) {
  for (const write of pending) {
    const named = target(write);
    if (named?.kind !== "events") continue;
    if (write.method === "POST") created(events, named.id, write.body);
    else if (write.method === "PUT") updated(events, named.id, write.body);
    else if (events.has(named.id)) events.set(named.id, { ...events.get(named.id), pending: "deleted" });
  }
  return events;
}

/** @param {Map<string, any>} events @param {string} departmentId @param {any} fields */
function created(events, departmentId, fields) {
  if (events.has(fields.id)) return;
  const times = ownTimes(fields.time ?? "");
  events.set(fields.id, { ...TEXTS, ...fields, ...times, department_id: departmentId, version: 1, pending: "created" });
}

/** @param {Map<string, any>} events @param {string} id @param {any} fields */
function updated(events, id, fields) {
  const event = events.get(id);
  if (event === undefined || Object.keys(fields).every((name) => fields[name] === event[name])) return;
  const times = "time" in fields && fields.time !== event.time ? ownTimes(fields.time) : {};
  const pending = event.pending ?? "updated";
  events.set(id, { ...event, ...fields, ...times, version: event.version + 1, pending });
}

/** @param {string} time */
function ownTimes(time) {
  const [, start = null, end = null] = OWN_TIME.exec(time) ?? [];
  return { start_time: start, end_time: end };
}

/** @param {any[]} departments @param {any[]} pending */
export function layOverDepartments(departments, pending) {
  const laid = new Map(departments.map((each) => [each.id, each]));
  for (const write of pending) {
    const named = target(write);
    if (named?.kind !== "departments") continue;
    if (write.method === "POST") laid.set(write.key, { description: "", ...write.body, id: null, pending: "created" });
    else if (write.method === "PUT" && laid.has(named.id)) {
      laid.set(named.id, { ...laid.get(named.id), ...write.body, pending: "updated" });
    } else if (laid.has(named.id)) laid.set(named.id, { ...laid.get(named.id), pending: "deleted" });
  }
  return [...laid.values()];
}
