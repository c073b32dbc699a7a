// RxDB on Graftlog's sync: all that a tablet needs besides RxDB itself. docs/tablet-client.md shows this file.
import { replicateRxCollection } from "rxdb/plugins/replication";
import { Subject } from "rxjs";

const save = (document) => document.write_id ?? document.id; // an entry is saved once

/** The server merges, and keeps what lost for a person to see: its document is the answer to every conflict. */
export const conflictHandler = {
  isEqual: (ours, theirs) => save(ours) === save(theirs),
  resolve: async ({ realMasterState }) => realMasterState,
};

/** Name every local save of a document that changes: the server tells saves apart by this name, never by a clock. */
export function nameSaves(collection, newWriteId) {
  collection.preInsert((document) => { document.write_id = newWriteId(); }, false);
  collection.preSave((document) => { document.write_id = newWriteId(); }, false);
}

/**
 * Copy a collection to and from the server. `call(path, rows?)` is fetch with address and token; it throws unless the answer
 * is 2xx, and RxDB tries again. `epoch` is the one of any pull; after a restored backup it is another: replicate anew under it.
 */
export function replicate({ collection, name, epoch, call, onReceipts = () => {}, retryTime = 5000 }) {
  const changed = new Subject();
  const state = replicateRxCollection({
    collection,
    replicationIdentifier: `graftlog/${name}/${epoch}`,
    retryTime,
    waitForLeadership: false,
    pull: {
      batchSize: 200,
      stream$: changed.asObservable(),
      handler: (at, limit) => call(`/sync/${name}/pull?limit=${limit}${at ? `&epoch=${at.epoch}&seq=${at.seq}` : ""}`),
    },
    push: {
      batchSize: 100,
      handler: async (rows) => {
        const { conflicts, receipts } = await call(`/sync/${name}/push`, rows);
        onReceipts(receipts); // a document with a receipt is safe on the server
        if (conflicts.length) changed.next("RESYNC"); // a page read before this push may be shown after its answer: look again
        return conflicts;
      },
    },
  });
  return Object.assign(state, { look: () => changed.next("RESYNC") }); // call it for every event of /sync/stream
}
