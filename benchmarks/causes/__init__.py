"""Learns what tells causes apart, on servers that do not exist, and says how far the probabilities can be believed."""
