"""The wire: shapes of what clients send and receive, and the words and limits they share with the database."""
