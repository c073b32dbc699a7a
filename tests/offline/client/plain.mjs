// The smallest tablet: one collection, fetch and nothing else. docs/tablet-client.md shows this file.
export class Plain {
  constructor(call, name, kept = { documents: {}, base: {}, unsent: {}, seq: 0, epoch: "" }) {
    Object.assign(this, { call, name, kept }); // `kept` is what has to survive: write it down after every change
  }

  save(document) {
    const saved = { ...document, write_id: crypto.randomUUID() };
    this.kept.documents[saved.id] = saved;
    this.kept.unsent[saved.id] = true;
    return saved;
  }

  async push() {
    const { documents, base, unsent } = this.kept;
    const ids = Object.keys(unsent).slice(0, 500);
    if (!ids.length) return;
    const rows = ids.map((id) => ({ newDocumentState: documents[id], assumedMasterState: base[id] ?? null }));
    const { conflicts } = await this.call(`/sync/${this.name}/push`, rows); // an error here: push the same again later
    const theirs = new Map(conflicts.map((one) => [one.id, one]));
    for (const { newDocumentState: sent } of rows) {
      base[sent.id] = theirs.get(sent.id) ?? sent;
      if (documents[sent.id].write_id !== sent.write_id) continue; // saved again meanwhile
      documents[sent.id] = base[sent.id];
      delete unsent[sent.id];
    }
  }

  async pull(limit = 200) {
    const { documents, base, unsent } = this.kept;
    for (;;) {
      const from = this.kept.epoch ? `&epoch=${this.kept.epoch}&seq=${this.kept.seq}` : "";
      const page = await this.call(`/sync/${this.name}/pull?limit=${limit}${from}`);
      for (const one of page.documents) {
        if (unsent[one.id] && documents[one.id].write_id === one.write_id) delete unsent[one.id]; // it had arrived
        if (!unsent[one.id]) documents[one.id] = base[one.id] = one;
      }
      Object.assign(this.kept, page.checkpoint);
      if (page.documents.length < limit) return;
    }
  }

  // 409 epoch_changed: the server was restored from a backup. Give it all that this tablet holds.
  beginAnew(epoch) {
    Object.assign(this.kept, { epoch, seq: 0, base: {} });
    for (const id of Object.keys(this.kept.documents)) this.kept.unsent[id] = true;
  }
}
