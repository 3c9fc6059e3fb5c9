/** The calendar itself: month, week, day and list, by mouse, touch and keyboard. */
import { Calendar } from "fullcalendar";
import dayGrid from "fullcalendar/daygrid";
import interaction from "fullcalendar/interaction";
import list from "fullcalendar/list";
import koreanLocale from "fullcalendar/locales/ko";
import classicTheme from "fullcalendar/themes/classic";
import timeGrid from "fullcalendar/timegrid";
import { addDays, isoDay, writeMonths } from "./dates.js";
import { dayOptions } from "./days.js";
import { drawn, mark } from "./drawing.js";
import { clickedTime, fieldsWhereItIs, selectedTime } from "./gestures.js";
import { wordOptions } from "./grid-words.js";
import { loadHolidays } from "./holidays.js";
import { ListStart } from "./list-start.js";
import { NARROW, PRINT } from "./narrow.js";
import { KeyboardPlace } from "./place.js";
import { LONG_PRESS_MS, tellSwipeFromPress } from "./touch.js";
import { VIEWS, VIEW_OPTIONS, eventsBesideOneAnother } from "./views.js";
import { language } from "./words.js";

const FRESH_MS = 4_000;
/** From here on it is quicker to give the library everything anew. */
const MANY = 40;

export class Grid {
  /** @type {Calendar} */ #calendar;
  /** @type {Map<string, string>} what the library shows, as text to compare */ #drawn = new Map();
  /** @type {Set<string>} */ #fresh = new Set();
  #waiting = 0;
  #dragging = false;
  #start;
  #workspace;
  #hooks;

  /**
   * @param {HTMLElement} element @param {import("./workspace.js").Workspace} workspace
   * @param {{view: string, day: string}} place
   * @param {{open: (id: string) => void, create: (days: string[], time: string) => void,
   *   move: (event: any, fields: any) => void, turned: () => void}} hooks
   */
  constructor(element, workspace, { view, day }, hooks) {
    this.element = element;
    this.place = new KeyboardPlace();
    this.#start = new ListStart(element);
    this.#workspace = workspace;
    this.#hooks = hooks;
    this.#calendar = new Calendar(element, this.#options(view, day));
    this.#calendar.render();
    tellSwipeFromPress(element);
    NARROW.addEventListener("change", () => PRINT.matches || this.#makeRoom());
    workspace.on("changed", () => this.drawSoon());
    workspace.on("viewers", () => this.drawSoon());
  }

  /** @param {string} view @param {string} day @returns {any} */
  #options(view, day) {
    return {
      plugins: [dayGrid, timeGrid, list, interaction, classicTheme],
      locales: [koreanLocale],
      locale: language(),
      initialView: VIEWS[view],
      initialDate: day,
      headerToolbar: false,
      firstDay: 0,
      height: "100%",
      expandRows: true,
      fixedWeekCount: false,
      nowIndicator: true,
      scrollTime: "08:00:00",
      slotEventOverlap: false,
      eventDisplay: "block",
      eventInteractive: true,
      eventOrder: "start,title",
      dayMaxEvents: true,
      ...wordOptions(),
      eventTimeFormat: { hour: "2-digit", minute: "2-digit", hour12: false },
      slotHeaderFormat: { hour: "2-digit", minute: "2-digit", hour12: false },
      defaultTimedEventDuration: "01:00:00",
      editable: true,
      eventDurationEditable: true,
      selectable: true,
      selectMirror: true,
      longPressDelay: LONG_PRESS_MS,
      selectMinDistance: 4,
      dragRevertDuration: 0,
      className: "calendar",
      ...dayOptions(),
      dayCellDidMount: (/** @type {any} */ info) => this.hooks.cellMounted(info),
      dayLaneDidMount: (/** @type {any} */ info) => this.hooks.cellMounted(info),
      listDayHeaderClass: "list-day",
      eventTimeClass: "event-time",
      eventTitleClass: "event-title",
      views: VIEW_OPTIONS,
      eventMaxStack: eventsBesideOneAnother(view),
      eventDidMount: mark,
      eventClick: (/** @type {any} */ info) => {
        info.jsEvent.preventDefault();
        this.#hooks.open(info.event.id);
      },
      dateClick: (/** @type {any} */ info) => this.#hooks.create(...clickedTime(info)),
      select: (/** @type {any} */ info) => this.#selected(info),
      eventDragStart: () => (this.#dragging = true),
      eventDragStop: () => this.#released(),
      eventResizeStart: () => (this.#dragging = true),
      eventResizeStop: () => this.#released(),
      eventDrop: (/** @type {any} */ info) => this.#dropped(info),
      eventResize: (/** @type {any} */ info) => this.#dropped(info),
      datesSet: () => this.#turned(),
    };
  }

  /** What the keyboard wants to know of the cells. */
  hooks = { cellMounted: (/** @type {any} */ _info) => {}, daysChanged: () => {} };

  get view() {
    const type = this.#calendar.view.type;
    return Object.keys(VIEWS).find((name) => VIEWS[name] === type) ?? "month";
  }

  /** The day that the view is about. */
  get day() {
    return isoDay(this.#calendar.getDate());
  }

  /** What is shown of the calendar, the last day inclusive. */
  get range() {
    const { activeStart, activeEnd } = this.#calendar.view;
    return { first: isoDay(activeStart), last: addDays(isoDay(activeEnd), -1) };
  }

  get title() {
    const { title, currentStart, currentEnd } = this.#calendar.view;
    if (!NARROW.matches) return title;
    // There is no room for the days, which stand over the columns, nor for "September".
    return writeMonths(isoDay(currentStart), addDays(isoDay(currentEnd), -1));
  }

  #makeRoom(view = this.view) {
    const wanted = eventsBesideOneAnother(view);
    if (this.#calendar.getOption("eventMaxStack") !== wanted) this.#set({ eventMaxStack: wanted });
  }

  /** @param {string} view @param {string} [day] */
  turnTo(view, day = this.day) {
    this.#makeRoom(view);
    this.#calendar.changeView(VIEWS[view], day);
    this.#start.want();
    this.#seekStart();
  }

  /** @param {string} day */
  turnToSee(day) {
    if (!this.shows(day)) this.turnTo(this.view, day);
  }

  /** @param {string} day */
  shows(day) {
    const { first, last } = this.range;
    return first <= day && day <= last;
  }

  previous() {
    this.#calendar.prev();
  }

  next() {
    this.#calendar.next();
  }

  speak() {
    this.#drawn.clear();
    this.#calendar.removeAllEvents();
    this.#set({ locale: language(), ...wordOptions() });
    this.drawSoon();
  }

  /** @param {Record<string, any>} options */
  #set(options) {
    for (const [name, value] of Object.entries(options)) this.#calendar.setOption(/** @type {any} */ (name), value);
  }

  /** Show it as just changed by somebody else. @param {string} id */
  highlight(id) {
    this.#fresh.add(id);
    setTimeout(() => {
      this.#fresh.delete(id);
      this.drawSoon();
    }, FRESH_MS);
    this.drawSoon();
  }

  fit() {
    this.#calendar.updateSize();
  }

  drawSoon() {
    if (this.#waiting === 0) this.#waiting = window.setTimeout(() => this.#draw(), 10);
  }

  #draw() {
    this.#waiting = 0;
    if (this.#dragging) return;
    const wanted = this.#wanted();
    const changed = [...wanted].filter(([id, { text }]) => this.#drawn.get(id) !== text);
    const removed = [...this.#drawn.keys()].filter((id) => !wanted.has(id));
    if (changed.length + removed.length === 0) return;
    this.#calendar.batchRendering(() => this.#give(wanted, changed, removed));
    this.#drawn = new Map([...wanted].map(([id, { text }]) => [id, text]));
    this.place.keep();
    this.#seekStart();
  }

  #seekStart() {
    if (this.view === "list") this.#start.seek(this.day);
  }

  /** Only what can be seen is given to the library. */
  #wanted() {
    const { first, last } = this.range;
    const wanted = new Map();
    for (const event of this.#workspace.events.values()) {
      if (event.event_date < first || event.event_date > last) continue;
      const input = drawn(event, this.#workspace, this.#fresh);
      wanted.set(event.id, { input, text: JSON.stringify(input) });
    }
    return wanted;
  }

  /** @param {Map<string, any>} wanted @param {[string, any][]} changed @param {string[]} removed */
  #give(wanted, changed, removed) {
    if (changed.length > MANY) {
      this.#calendar.removeAllEventSources();
      this.#calendar.removeAllEvents();
      this.#calendar.addEventSource([...wanted.values()].map(({ input }) => input));
      return;
    }
    for (const id of [...removed, ...changed.map(([id]) => id)]) this.#calendar.getEventById(id)?.remove();
    for (const [, { input }] of changed) this.#calendar.addEvent(input);
  }

  #released() {
    this.#dragging = false;
    this.drawSoon();
  }

  /** The event goes back to where it was; the change itself puts it where it belongs. @param {any} info */
  #dropped(info) {
    const before = this.#workspace.events.get(info.event.id);
    const fields = before === undefined ? null : fieldsWhereItIs(info, before);
    info.revert();
    if (fields !== null) this.#hooks.move(before, fields);
  }

  /** @param {any} info */
  #selected(info) {
    this.#calendar.unselect();
    this.#hooks.create(...selectedTime(info));
  }

  #turned() {
    if (this.#calendar === undefined) return;
    const standing = this.place.at("day") ?? this.#workspace.events.get(this.place.at("event") ?? "")?.event_date;
    if (standing !== undefined && !this.shows(standing)) this.place.leave();
    this.place.keep();
    this.#start.want();
    this.drawSoon();
    this.#hooks.turned();
    const { first, last } = this.range;
    void loadHolidays(first, last).then((isNew) => {
      if (!isNew) return;
      this.#set(dayOptions());
      this.hooks.daysChanged();
    });
  }
}
