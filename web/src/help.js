/** What the keys do. */
import { openDialog } from "./dialog.js";
import { h } from "./dom.js";
import { t } from "./words.js";

export function openHelp() {
  const rows = /** @type {[string[], any][]} */ ([
    [[t("arrows")], "helpMove"],
    [["Enter"], "helpOpen"],
    [["Tab"], "helpEvents"],
    [["Alt", t("arrows")], "helpShift"],
    [["n"], "newEvent"],
    [["/"], "helpSearch"],
    [["t"], "helpToday"],
    [["m", "w", "d", "l"], "helpViews"],
    [["Page Up", "Page Down"], "helpPages"],
    [["Ctrl", "Z"], "helpUndo"],
    [["?"], "helpHelp"],
  ]);
  const lines = rows.map(([keys, word]) => [h("dt", {}, ...keys.map((key) => h("kbd", {}, key))), h("dd", {}, t(word))]);
  const links = h(
    "p.links",
    {},
    h("a", { href: "/api/docs" }, t("apiDocs")),
    h("a", { href: "/page/third-party-licences.txt" }, t("licences")),
  );
  openDialog(t("help"), [h("div.dialog-form", {}, h("dl.keys", {}, ...lines.flat()), links)]);
}
