"""Pixel classification: from a few strokes to labels, tile by tile."""
