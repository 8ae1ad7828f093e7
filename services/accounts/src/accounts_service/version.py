"""The version of this service: the one place that documents, logs, images and releases read it from."""

VERSION = "0.1.0"
