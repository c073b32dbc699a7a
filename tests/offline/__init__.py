"""Tablets that lose the network at every step: seeded lives of two or three of them on a real server, and what must hold afterwards."""
