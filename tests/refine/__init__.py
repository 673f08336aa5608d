"""Tests of the refiners."""
