"""The life of a release: each step does its thing, is refused to who may not, leaves one entry and one step."""
