"""Errors as RFC 9457 problems, `application/problem+json`: which kinds there are, how one is answered and declared."""

from .catalogue import (
    BAD_REQUEST,
    BODY_PROBLEMS,
    BODY_TOO_LARGE,
    COMMON_PROBLEMS,
    DATABASE_NOT_MIGRATED,
    DATABASE_UNAVAILABLE,
    INTERNAL_ERROR,
    INVALID_HOST,
    INVALID_REQUEST,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    NOT_READY,
    SHUTTING_DOWN,
    UNSUPPORTED_MEDIA_TYPE,
    UPSTREAM_PROBLEMS,
    UPSTREAM_TIMEOUT,
    UPSTREAM_UNAVAILABLE,
    Problem,
)
from .handlers import ProblemFor, exception_handlers
from .openapi import problem_responses, problem_schemas
from .response import problem_response
from .validation import invalid_field

__all__ = [
    "BAD_REQUEST",
    "BODY_PROBLEMS",
    "BODY_TOO_LARGE",
    "COMMON_PROBLEMS",
    "DATABASE_NOT_MIGRATED",
    "DATABASE_UNAVAILABLE",
    "INTERNAL_ERROR",
    "INVALID_HOST",
    "INVALID_REQUEST",
    "METHOD_NOT_ALLOWED",
    "NOT_FOUND",
    "NOT_READY",
    "SHUTTING_DOWN",
    "UNSUPPORTED_MEDIA_TYPE",
    "UPSTREAM_PROBLEMS",
    "UPSTREAM_TIMEOUT",
    "UPSTREAM_UNAVAILABLE",
    "Problem",
    "ProblemFor",
    "exception_handlers",
    "invalid_field",
    "problem_response",
    "problem_responses",
    "problem_schemas",
]
