"""Tests of the graph cuts."""
