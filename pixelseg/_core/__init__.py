"""The ground floor: what every part of pixelseg needs, and nothing about any method."""
