/** What a finger means that does not stay where it was put. */

/** So long a finger rests before it lifts an event or begins to choose days. */
export const LONG_PRESS_MS = 350;
/** A finger that is put down trembles by less. */
const TREMBLE_PX = 10;

/**
 * The calendar library takes any touch that lasts for a long press, unless the page has scrolled under it: a slow swipe
 * where nothing is left to scroll would move an event. So it is told of a scroll as soon as the finger sets off.
 * @param {HTMLElement} calendar
 */
export function tellSwipeFromPress(calendar) {
  /** @type {{x: number, y: number, time: number} | null} */
  let start = null;
  const put = (/** @type {TouchEvent} */ { touches: [{ pageX: x, pageY: y }], timeStamp: time }) => (start = { x, y, time });
  const moved = (/** @type {TouchEvent} */ { touches: [{ pageX, pageY }], timeStamp }) => {
    if (start === null || Math.hypot(pageX - start.x, pageY - start.y) < TREMBLE_PX) return;
    if (timeStamp - start.time < LONG_PRESS_MS) calendar.dispatchEvent(new Event("scroll"));
    start = null;
  };
  calendar.addEventListener("touchstart", put, { passive: true });
  calendar.addEventListener("touchmove", moved, { passive: true });
}
