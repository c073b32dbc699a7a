// What a tablet keeps of the journal: the newest checkpoint, taken only with proof. docs/tablet-client.md shows this file.
const bytes = (base64) => Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
const text64 = (some) => btoa(String.fromCharCode(...some));
const parent = async (left, right) => new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array([1, ...left, ...right])));

/** Read a checkpoint's note (C2SP signed note); null unless one of the clinic's `keys` (base64) has signed it. */
export async function opened(note, keys) {
  const [text, signature] = note.split("\n\n— ");
  const [origin, size, root] = text.split("\n");
  const seal = bytes(signature.trim().split(" ")[1]).slice(4); // four bytes of hint come first
  for (const key of keys) {
    const trusted = await crypto.subtle.importKey("raw", bytes(key), "Ed25519", false, ["verify"]);
    const signed = await crypto.subtle.verify("Ed25519", trusted, seal, new TextEncoder().encode(`${text}\n`));
    if (signed) return { origin, size: Number(size), root, note };
  }
  return null;
}

/** Whether the journal of `next` begins with the one of `kept` (RFC 9162, 2.1.4.2); `proof` is a list of base64 hashes. */
export async function continues(kept, next, proof) {
  if (proof === null || kept.size > next.size || kept.origin !== next.origin) return false;
  if (kept.size === next.size) return kept.root === next.root;
  const path = proof.map(bytes);
  if ((kept.size & (kept.size - 1)) === 0) path.unshift(bytes(kept.root));
  let [node, last] = [kept.size - 1, next.size - 1];
  while (node & 1) [node, last] = [node >> 1, last >> 1];
  let [left, right] = [path[0], path[0]];
  for (const one of path.slice(1)) {
    if (!last) return false;
    if (node & 1 || node === last) {
      [left, right] = [await parent(one, left), await parent(one, right)];
      while (!(node & 1) && node) [node, last] = [node >> 1, last >> 1];
    } else right = await parent(right, one);
    [node, last] = [node >> 1, last >> 1];
  }
  return !last && left !== undefined && text64(left) === kept.root && text64(right) === next.root;
}

/** At the end of a sync: the checkpoint to keep from now on. Throws where the server's history is not the one that was kept. */
export async function witness({ call, keys, kept }) {
  const { checkpoint, proof } = await call(`/journal/checkpoint${kept ? `?known=${kept.size}` : ""}`);
  if (!checkpoint) {
    if (kept) throw new Error(`The server shows no checkpoint; this tablet keeps one of ${kept.size} rows.`);
    return null;
  }
  const next = await opened(checkpoint.note, keys);
  if (!next) throw new Error("The server's checkpoint is not signed by the clinic's key.");
  if (kept && !(await continues(kept, next, proof))) {
    throw new Error(`The server's journal does not continue the ${kept.size} rows that this tablet has witnessed. Keep both, and tell an administrator.`);
  }
  return next;
}
