"""What the sync stores beside the record: the ledger of writes, issues, counts."""
