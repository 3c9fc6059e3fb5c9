/** A phone held upright; the same width as in styles/narrow.css. */
export const NARROW = matchMedia("(max-width: 699px)");
export const PRINT = matchMedia("print");
