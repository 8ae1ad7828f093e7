"""The version of this service, for its documentation, logs, images and releases."""

VERSION = "0.1.0"
