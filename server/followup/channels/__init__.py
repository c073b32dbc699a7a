"""Ways out: SMTP, the outbox folder, text messages, web push for staff, signed webhooks."""
