"""Taking what tablets push: each row through the same services as the API, none ever lost."""
