"""Follow-up of a procedure: its visits, and the reminders about them."""
