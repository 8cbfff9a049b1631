"""Hosts: which of them are full of personal data, or unsafe; their pages go, and a list remains."""
