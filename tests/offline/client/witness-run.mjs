// Witness a journal each time a line arrives; answers with what is kept, or why it is refused.
import { createInterface } from "node:readline";
import { witness } from "./witness.mjs";

const settings = JSON.parse(process.argv[2]);
const call = async (path) => {
  const answer = await fetch(`${settings.server}/api/v1${path}`, { headers: { Authorization: `Bearer ${settings.token}` } });
  return answer.json();
};
let [kept, keys] = [null, null];
for await (const line of createInterface({ input: process.stdin })) {
  keys ??= (await call("/journal/keys")).items.map((one) => one.public_key);
  try {
    kept = (await witness({ call, keys, kept: line === "forged" ? { ...kept, root: btoa("\0".repeat(32)) } : kept })) ?? kept;
    console.log(JSON.stringify({ kept: kept?.size }));
  } catch (error) {
    console.log(JSON.stringify({ refused: error.message }));
  }
}
