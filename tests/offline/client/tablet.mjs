// A tablet that does what it is told, a line of JSON at a time, and answers each with a line. Everything it keeps is in one file.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { createRxDatabase } from "rxdb";
import { getRxStorageLocalstorage } from "rxdb/plugins/storage-localstorage";
import { getRxStorageMemory } from "rxdb/plugins/storage-memory";
import { conflictHandler, nameSaves, replicate } from "./graftlog-rxdb.mjs";

const settings = JSON.parse(process.argv[2]);
const NAMES = ["patients", "scars", "procedures", "entries"];
const SCHEMA = {
  version: 0,
  primaryKey: "id",
  type: "object",
  properties: { id: { type: "string", maxLength: 36 } },
  required: ["id"],
};

// The browser's localStorage, in a file that only grows: what was set is there after a kill.
function fileStorage(file) {
  const kept = new Map(existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line)) : []);
  for (const [key, value] of kept) {
    if (value === null) kept.delete(key);
  }
  const set = (key, value) => {
    value === null ? kept.delete(key) : kept.set(key, value);
    appendFileSync(file, `${JSON.stringify([key, value])}\n`);
  };
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => set(key, String(value)),
    removeItem: (key) => set(key, null),
    key: (index) => [...kept.keys()][index] ?? null,
    get length() { return kept.size; },
  };
}

async function call(path, rows) {
  const answer = await fetch(`${settings.server}/api/v1${path}`, {
    method: rows ? "POST" : "GET",
    headers: { Authorization: `Bearer ${settings.token}`, "Content-Type": "application/json", Connection: "close" },
    body: rows && JSON.stringify(rows),
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return answer.json();
}

const storage = settings.file ? getRxStorageLocalstorage({ localStorage: fileStorage(settings.file) }) : getRxStorageMemory();
const database = await createRxDatabase({ name: "tablet", storage, multiInstance: false });
await database.addCollections(Object.fromEntries(NAMES.map((name) => [name, { schema: SCHEMA, conflictHandler }])));
for (const name of ["patients", "scars", "procedures"]) nameSaves(database[name], randomUUID);
let states = [];
let receipts = 0;

const acts = {
  async insert({ collection, documents }) {
    await database[collection].bulkInsert(documents);
  },
  async change({ collection, id, fields }) {
    const document = await database[collection].findOne(id).exec();
    await document.incrementalPatch(fields);
  },
  async begin() {
    await acts.end(); // two replications of one collection would write over each other
    const { checkpoint } = await call("/sync/patients/pull?limit=1");
    const common = { epoch: checkpoint.epoch, call, onReceipts: (some) => { receipts += some.length; }, retryTime: 100 };
    states = NAMES.map((name) => replicate({ collection: database[name], name, ...common }));
    return { epoch: checkpoint.epoch };
  },
  async settle() {
    for (const state of states) state.look();
    for (const state of states) await state.awaitInSync();
    return { receipts };
  },
  async end() {
    for (const state of states) await state.cancel();
    states = [];
  },
  async show({ collection }) {
    return { documents: (await database[collection].find().exec()).map((one) => one.toJSON()) };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  try {
    console.log(JSON.stringify((await acts[asked.act](asked)) ?? {}));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error) }));
  }
}
process.exit(0);
