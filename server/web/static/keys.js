// j and k go through the rows of a list; other keys press, choose, or go to, what names them in aria-keyshortcuts. Without this script Tab does.
const help = document.getElementById("keys");
const opener = document.querySelector(".keys-open");
const close = help.querySelector("button");
const on = document.getElementById("keys-on");
const rows = [...document.querySelectorAll(".rows .whole")];

const typing = (at) => at.matches("input:not([type=radio]), select, textarea") || at.isContentEditable;
const modified = (event) => event.ctrlKey || event.metaKey || event.altKey || (event.shiftKey && event.key.length > 1);
const named = (key) =>
  [...document.querySelectorAll("[aria-keyshortcuts]")].find((one) => one.getAttribute("aria-keyshortcuts").split(" ").includes(key));

function press(one) {
  if (one.matches("[type=radio]")) {
    one.focus();
    return one.click();
  }
  const unsent = one.matches("a") && [...document.querySelectorAll("textarea")].find((field) => field.value);
  if (one.matches("a, button") && !unsent) return one.click();
  const to = unsent || one; // what is written and not sent would be lost
  to.focus();
  to.closest("section")?.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const at = rows.indexOf(document.activeElement);
  const to = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1)];
  to.focus();
  to.closest("tr").scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if (!on.checked || help.open || modified(event) || event.isComposing || typing(event.target)) return;
  const one = named(event.key);
  const by = { j: 1, k: -1 }[event.key];
  if (one && !event.repeat) press(one);
  else if (by && rows.length) step(by);
  else return;
  event.preventDefault();
});

opener.addEventListener("click", () => {
  help.showModal();
  close.focus();
});
close.addEventListener("click", () => help.close());
on.addEventListener("change", () => localStorage.setItem("keys", on.checked ? "on" : "off"));
on.checked = localStorage.getItem("keys") !== "off";
opener.hidden = false;
