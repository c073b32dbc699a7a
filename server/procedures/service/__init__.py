"""What can be done with a procedure: plan it, record it, move it through its states, sign it, list it."""
