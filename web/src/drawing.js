/** How an event of ours looks to the calendar library. */
import { hueOf } from "./colours.js";
import { addDays, writeDay } from "./dates.js";
import { t } from "./words.js";

/**
 * @param {any} event @param {import("./workspace.js").Workspace} workspace @param {Set<string>} fresh just changed by others
 * @returns {any} what the library takes
 */
export function drawn(event, workspace, fresh) {
  const editors = workspace.editorsOf(event.id);
  const hue = hueOf(event.department_id);
  const classes = ["event", `hue-${hue}`];
  if (event.pending) classes.push("is-pending", `is-${event.pending}`);
  if (fresh.has(event.id)) classes.push("is-fresh");
  if (editors.length > 0) classes.push("is-edited");
  return {
    id: event.id,
    title: event.title,
    ...span(event),
    editable: event.pending !== "deleted",
    className: classes.join(" "),
    color: "var(--tint)",
    contrastColor: "var(--ink)",
    extendedProps: { written: event.time, label: label(event, workspace, editors), editors },
  };
}

/** Without a time that was read it stands under all-day. @param {any} event */
function span({ event_date, start_time, end_time }) {
  if (start_time === null || start_time === undefined) return { start: event_date, allDay: true };
  const start = `${event_date}T${start_time}`;
  if (!end_time) return { start, allDay: false };
  const lastDay = end_time > start_time ? event_date : addDays(event_date, 1);
  return { start, end: `${lastDay}T${end_time}`, allDay: false };
}

/** What a screen reader says. @param {any} event @param {any} workspace @param {string[]} editors */
function label(event, workspace, editors) {
  const parts = [
    t("eventLabel", {
      department: workspace.department(event.department_id)?.name ?? "",
      date: writeDay(event.event_date),
    }),
    event.time,
    event.pending ? t("pendingMark") : "",
    editors.length > 0 ? t("editedBy", { names: editors.join(", ") }) : "",
  ];
  return parts.filter(Boolean).join(", ");
}

/** @param {any} info an event has been drawn */
export function mark({ el, event }) {
  el.setAttribute("data-event-id", event.id);
  // A description and no label: the name stays what is seen (WCAG 2.5.3).
  el.setAttribute("aria-description", event.extendedProps.label ?? "");
  if (el.parentElement?.getAttribute("role") === "list") el.parentElement.setAttribute("role", "group");
  el.title = [event.title, event.extendedProps.written].filter(Boolean).join(" · ");
  for (const name of event.extendedProps.editors ?? []) el.setAttribute("data-editor", name);
}
