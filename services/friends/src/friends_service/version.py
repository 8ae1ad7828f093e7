"""The version of this service, for its documentation, logs, images and releases."""

VERSION = "1.0.0"
