// The plan's answers while it is being edited. Without this, the button "Work it out" shows them by reload.
const form = document.getElementById("plan-form");
const place = document.getElementById("answers");
let waiting, running;

async function work() {
  running?.abort();
  running = new AbortController();
  try {
    const answer = await fetch(form.dataset.answers, { method: "POST", body: new URLSearchParams(new FormData(form)), signal: running.signal });
    if (answer.redirected || ![200, 422].includes(answer.status)) return say();
    place.innerHTML = await answer.text();
  } catch (error) {
    if (error.name !== "AbortError") say();
  }
}

function say() {
  const words = document.createElement("p");
  words.textContent = "The answers below are of an earlier state of the form. Press “Work it out”.";
  words.className = "caution";
  if (!place.querySelector(":scope > .caution")) place.prepend(words);
}

form.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(work, 400);
});
form.addEventListener("submit", () => clearTimeout(waiting));
