// j and k go from row to row of a list, / to its search. Enter is the link's own. Without this script Tab does the same.
const links = [...document.querySelectorAll(".rows .whole")];

const typing = (at) => at.matches("input, select, textarea") || at.isContentEditable;

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const step = { j: 1, k: -1 }[event.key];
  if (step) {
    const at = links.indexOf(document.activeElement);
    const to = at < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(Math.max(at + step, 0), links.length - 1);
    links[to]?.focus();
    links[to]?.closest("tr").scrollIntoView({ block: "nearest" });
  } else if (event.key === "/") {
    document.querySelector('input[type="search"]')?.focus();
  } else {
    return;
  }
  event.preventDefault();
});
