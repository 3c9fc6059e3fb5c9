/** An event of a calendar, as the server sends it. */
export interface CalendarEvent {
  id: string;
  department_id: string;
  /** `YYYY-MM-DD` */
  event_date: string;
  title: string;
  description: string;
  /** As people write it, for example `오후 2:00`. */
  time: string;
  /** `HH:MM`, read from `time` where it can be. */
  start_time: string | null;
  end_time: string | null;
  url: string;
  created_at: string;
  last_modified: string;
  version: number;
}

export interface Department {
  id: string;
  name: string;
  description: string;
  created_at: string;
  updated_at: string;
}

export type EventFields = Partial<
  Pick<CalendarEvent, "id" | "department_id" | "event_date" | "title" | "description" | "time" | "url">
>;
export type DepartmentFields = Partial<Pick<Department, "name" | "description">>;

export type EventChange = "event_created" | "event_updated" | "event_deleted";
export type DepartmentChange = "department_created" | "department_updated" | "department_deleted";

/** Where a change stands. `cursor` is null for most changes of a replay, `at` is known of those only. */
export interface Meta {
  department_id: string | null;
  seq: number;
  cursor: string | null;
  /** The Idempotency-Key of the write, where it had one. */
  mutation_id: string | null;
  at?: string;
}

/** Somebody who looks at a department right now, as he has said himself: show it as text. */
export interface Viewer {
  /** Names him as long as he is connected, and nothing else. */
  id: string;
  name: string;
  /** The id of the event that he has open for editing. */
  editing: string | null;
}

export type Status = "online" | "catching-up" | "offline";

/** One history and what it leads to. `id` is null for the list of departments. */
export class History<T = CalendarEvent, C extends string = EventChange> {
  private constructor();
  readonly id: string | null;
  /** Null before anything has been loaded. */
  readonly cursor: string | null;
  readonly seq: number;
  readonly status: Status;
  /** True once the department is gone or has been left. */
  readonly ended: boolean;
  /** The objects by their ids. Do not change it. */
  readonly items: ReadonlyMap<string, T>;
  /** The objects in the order of the server's lists. */
  list(): T[];
  /** After each change, in the order of the history; `items` holds it already. Gives what takes the listener away. */
  on(name: "change", listener: (type: C, data: T | { id: string; department_id?: string }, meta: Meta) => void): () => void;
  /** The state was replaced as a whole: at the first load, from the storage, and when the history cannot say what changed. */
  on(name: "reset", listener: (state: T[]) => void): () => void;
  on(name: "status", listener: (status: Status) => void): () => void;
  /** Somebody came, went, changed his name or what he edits; `viewers` names up to a hundred, `count` is all of them. */
  on(name: "presence", listener: (viewers: Viewer[], count: number) => void): () => void;
  /** Nothing more will come. */
  on(name: "ended", listener: (reason: "department_deleted" | "left") => void): () => void;
  /** Who looks at the department, this client included once it has said `presence`; empty while offline. */
  readonly viewers: readonly Viewer[];
  readonly viewerCount: number;
  /** The `id` of this client among the viewers; null until it has been told. */
  readonly viewerId: string | null;
  /**
   * Be seen by the others under this name (1 to 40 characters), and as editing this event (the id of one, a UUID). It is
   * repeated while connected and said again after each reconnect. With null nothing more is said, and the others see
   * this client go within 30 s. A name that the server refuses is reported to `onError` and not sent again.
   */
  presence(viewer: { name: string; editing?: string | null } | null): void;
  /** Stop following the department. The list of departments is always followed. */
  leave(): void;
}

/** Keeps values that are JSON. `value` null removes the name. */
export interface Storage {
  load(name: string): unknown | Promise<unknown>;
  save(name: string, value: unknown | null): void | Promise<void>;
}

/** What is used of a socket of socket.io-client 4.x. */
export interface SocketLike {
  readonly connected: boolean;
  readonly active?: boolean;
  on(name: string, handler: (...values: any[]) => void): unknown;
  off(name: string, handler: (...values: any[]) => void): unknown;
  emit(name: string, ...values: any[]): unknown;
  connect(): unknown;
  disconnect(): unknown;
}

/** Milliseconds. */
export interface Timing {
  /** How long an answer over the socket is waited for. */
  answerMs: number;
  /** How long a change that is ahead of its predecessor waits for it before the gap is asked for. */
  graceMs: number;
  /** The first pause before something is tried again; it doubles up to `retryMaxMs`, with jitter. */
  retryMs: number;
  retryMaxMs: number;
  /** How long the answer to a write is waited for. */
  requestMs: number;
  /** How often the list of departments is checked, which has no `department_head`. */
  listCheckMs: number;
  /** How long changed state may wait before it is saved. */
  saveMs: number;
  /** How often this client says that it is still looking; the server forgets it after 25 s. */
  presenceMs: number;
}

export interface SyncOptions {
  /** The server's address, for example `https://calendar.example.com`. */
  url: string;
  /** `io` of socket.io-client; or hand in a `socket`, which you then also open again and close. */
  io?: (url: string, options?: any) => SocketLike;
  ioOptions?: object;
  socket?: SocketLike;
  fetch?: typeof fetch;
  /** Sent with every request. */
  headers?: Record<string, string> | (() => Record<string, string> | Promise<Record<string, string>>);
  /** Nothing is kept where there is none. */
  storage?: Storage;
  timing?: Partial<Timing>;
  random?: () => number;
  /** What listeners and the storage throw; `console.error` by default. */
  onError?: (error: unknown) => void;
}

export interface WriteOptions {
  /** The ETag of the state that the write is for (`If-Match`). */
  ifMatch?: string;
  /** Of events: the `version` that the write is for; its ETag is fetched before the write is sent. */
  ifVersion?: number;
  /** With `ifVersion`: the event's department, where no followed department holds the event. */
  departmentId?: string;
}

export interface WriteAnswer {
  status: number;
  etag: string | null;
  /** The server had answered this write before. */
  replayed: boolean;
  body: { success: true; event?: CalendarEvent; department?: Department; message?: string; cursor?: string; seq?: number };
}

export interface PendingWrite {
  /** The Idempotency-Key. */
  key: string;
  method: "POST" | "PUT" | "DELETE";
  path: string;
  body: Record<string, unknown> | null;
  if_match: string | null;
  if_version: number | null;
  queued_at: string;
  first_sent_at: string | null;
}

/** A write's final answer was a refusal, or there will be none (`status` 0). */
export class WriteFailed extends Error {
  constructor(status: number, body: unknown, etag?: string | null);
  readonly status: number;
  /** The server's `error`; without an answer `closed`, `discarded`, `outbox_full`, `outcome_unknown` or `etag_missing`. */
  readonly code: string;
  readonly details: { field: string; code: string; message: string }[];
  /** With `version_conflict`: the object as it is now. */
  readonly current: CalendarEvent | Department | null;
  readonly etag: string | null;
}

/** Follows the list of departments and any number of departments, and sends writes. */
export class CalendarSync {
  constructor(options: SyncOptions);
  /** Resolves when what was saved is loaded and the connection is being made. */
  readonly ready: Promise<void>;
  readonly departments: History<Department, DepartmentChange>;
  /** Writes without a final answer, oldest first. */
  readonly pending: PendingWrite[];
  readonly connected: boolean;
  /** Follow a department; the same object for the same id until it ends. */
  department(departmentId: string): History;
  on(name: "connection", listener: (connected: boolean) => void): () => void;
  on(name: "pending", listener: (pending: PendingWrite[]) => void): () => void;
  /** A write has its outcome, also one of an earlier life, which has no promise any more. */
  on(name: "write", listener: (write: PendingWrite, outcome: WriteAnswer | WriteFailed) => void): () => void;
  /** Without an `id` among the fields the event gets one, so that later writes can name it. */
  createEvent(departmentId: string, fields: EventFields): Promise<WriteAnswer>;
  /** A new `department_id` moves the event. */
  updateEvent(eventId: string, fields: EventFields, options?: WriteOptions): Promise<WriteAnswer>;
  deleteEvent(eventId: string, options?: WriteOptions): Promise<WriteAnswer>;
  createDepartment(fields: DepartmentFields): Promise<WriteAnswer>;
  updateDepartment(departmentId: string, fields: DepartmentFields, options?: WriteOptions): Promise<WriteAnswer>;
  deleteDepartment(departmentId: string, options?: WriteOptions): Promise<WriteAnswer>;
  /** Give up a pending write, which may have reached the server. False where there is none of this key. */
  discard(key: string): boolean;
  /** End everything. Promises of pending writes are rejected; the writes stay in the storage for the next time. */
  close(): Promise<void>;
}

/** Keeps everything in `localStorage`, under names that begin with `prefix`. */
export function browserStorage(prefix?: string): Storage;
