"""Forests of decision trees as flat arrays, read by compiled code."""
