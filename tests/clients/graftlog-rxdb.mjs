// RxDB on Graftlog's sync: everything that a tablet needs besides RxDB itself. docs/tablet-client.md shows this file.
import { replicateRxCollection } from "rxdb/plugins/replication";
import { Subject } from "rxjs";

/** The server merges and keeps what lost for a person to see, so its document is the answer to every conflict. */
export const conflictHandler = {
  isEqual: (ours, theirs) => ours.write_id === theirs.write_id,
  resolve: async ({ realMasterState }) => realMasterState,
};

/** Name every local save: the server tells saves apart by this name, never by a clock. */
export function nameSaves(collection, newWriteId) {
  collection.preInsert((doc) => { doc.write_id = newWriteId(); }, false);
  collection.preSave((doc) => { doc.write_id = newWriteId(); }, false);
}

/**
 * Copy a collection to and from the server for as long as the page lives.
 * `call(path, body?)` is fetch with address and token, and throws unless the answer is 2xx; RxDB then tries again.
 * `epoch` comes from GET /sync/epoch; after a restored backup it is another one, and all is compared again.
 */
export function replicate({ collection, name, epoch, call, onReceipts = () => {}, readOnly = false, retryTime = 5000 }) {
  const changed = new Subject();
  const push = {
    batchSize: 100,
    handler: async (rows) => {
      const answer = await call(`/sync/${name}/push`, rows);
      onReceipts(name, answer.receipts);
      return answer.conflicts;
    },
  };
  const state = replicateRxCollection({
    collection,
    replicationIdentifier: `graftlog/${name}/${epoch}`,
    retryTime,
    waitForLeadership: false,
    pull: {
      batchSize: 200,
      stream$: changed.asObservable(),
      handler: ({ seq } = { seq: 0 }, limit) => call(`/sync/${name}/pull?epoch=${epoch}&seq=${seq}&limit=${limit}`),
    },
    ...(readOnly ? {} : { push }),
  });
  return Object.assign(state, { look: () => changed.next("RESYNC") });
}
