"""Tests; their layout mirrors the package."""
