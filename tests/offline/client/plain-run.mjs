// Two plain tablets: one writes, the other reads and changes, the first sees it.
import { Plain } from "./plain.mjs";

const { server, token, patient } = JSON.parse(process.argv[2]);

async function call(path, rows) {
  const answer = await fetch(`${server}/api/v1${path}`, {
    method: rows ? "POST" : "GET",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: rows && JSON.stringify(rows),
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return answer.json();
}

const [first, second] = [new Plain(call, "patients"), new Plain(call, "patients")];
first.save(patient);
await first.push();
await second.pull();
second.save({ ...second.kept.documents[patient.id], notes: "Keloid on the shoulder" });
await second.push();
await first.pull();
first.beginAnew(first.kept.epoch);
await first.push();
await first.pull();
console.log(JSON.stringify([first, second].map((one) => [one.kept.documents[patient.id], Object.keys(one.kept.unsent).length])));
