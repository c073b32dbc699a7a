// How long the pair was looked at, from when both pictures were there. Keys are those of keys.js; without script nothing is measured.
const LONGEST = 86_400_000; // a day: what a page left open says is not how long anybody looked
const form = document.querySelector("form.rating-form");
const field = form.elements.milliseconds;
let from = performance.now();

Promise.all([...form.querySelectorAll("img")].map((one) => one.decode())).then(
  () => (from = performance.now()),
  () => {},
);
form.addEventListener("submit", () => {
  field.value ||= Math.min(Math.round(performance.now() - from), LONGEST);
});
