"""Photographs: announced with their hash, sent in pieces, made anew from their pixels, kept outside the database."""
