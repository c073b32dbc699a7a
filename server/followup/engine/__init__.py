"""The engine between the rows and the ways out: claim, lease, begin, send, finish, and everything that keeps it honest."""
