"""Builds the site, badges and pictures of the documents, and runs the demo."""
