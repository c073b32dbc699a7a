"""The one history of every change: audit trail, record history and feed for tablets in a single hash chain per clinic."""
