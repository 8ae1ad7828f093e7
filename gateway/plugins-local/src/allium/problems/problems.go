// Package problems bounds request bodies and makes RFC 9457 problems of Traefik's own errors.
//
// Traefik interprets this source at its start (https://plugins.traefik.io/create): nothing is compiled or downloaded.
// It is here because Traefik's errors are plain text, and its `errors` middleware would replace those of services, too.
// Traefik's `buffering` would hold back answers that are streamed, so bodies are counted here while they pass.
package problems

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
)

const retryAfterSeconds = "2" // where Traefik does not say it

var requestID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,128}$`) // as the services accept it

type problem struct {
	status int
	slug   string
	title  string
	detail string
}

// The slugs are those of the services (chassis/problems/catalogue.py).
var problems = map[int]problem{
	http.StatusBadRequest:            {400, "bad-request", "Bad request", "The gateway cannot parse this request."},
	http.StatusNotFound:              {404, "not-found", "Not found", "There is nothing at this path for this method."},
	http.StatusRequestTimeout:        {408, "request-timeout", "Request timed out", "The request did not arrive in time."},
	http.StatusRequestEntityTooLarge: {413, "body-too-large", "Request body too large", "The request body is too large."},
	http.StatusTooManyRequests:       {429, "too-many-requests", "Too many requests", "There were too many requests from this address or with this token."},
	http.StatusBadGateway:            {503, "upstream-unavailable", "Upstream service unavailable", "The service is unreachable at the moment."},
	http.StatusServiceUnavailable:    {503, "upstream-unavailable", "Upstream service unavailable", "The service is not ready at the moment."},
	http.StatusGatewayTimeout:        {504, "upstream-timeout", "Upstream service timed out", "The service did not respond in time."},
}

var internalError = problem{500, "internal-error", "Internal server error", "The gateway failed."}

// Config is what dynamic/middlewares.yml says.
type Config struct {
	MaxBodySize int64 `json:"maxBodySize"` // bytes
}

// CreateConfig returns the defaults.
func CreateConfig() *Config { return &Config{MaxBodySize: 1 << 20} }

// New wraps all that comes after it.
func New(_ context.Context, next http.Handler, config *Config, _ string) (http.Handler, error) {
	return http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		watched := &watchedAnswer{ResponseWriter: answer, request: request}
		if request.ContentLength > config.MaxBodySize {
			watched.refuse(http.StatusRequestEntityTooLarge)
			return
		}
		if request.ContentLength != 0 { // -1: it is not known
			watched.body = &boundedBody{ReadCloser: request.Body, left: config.MaxBodySize}
			request.Body = watched.body
		}
		next.ServeHTTP(watched, request)
	}), nil
}

// boundedBody fails where it is longer than permitted, and remembers why it failed.
type boundedBody struct {
	io.ReadCloser
	left    int64
	failure int // the status for the client; 0: none
}

func (body *boundedBody) Read(buffer []byte) (int, error) {
	count, err := body.ReadCloser.Read(buffer)
	body.left -= int64(count)
	if body.left < 0 {
		body.failure = http.StatusRequestEntityTooLarge
		return 0, errors.New("the request body is too large")
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		body.failure = http.StatusRequestTimeout
	}
	return count, err
}

// watchedAnswer lets the answers of services pass as they are; those of Traefik have no content type or are plain text.
type watchedAnswer struct {
	http.ResponseWriter
	request  *http.Request
	body     *boundedBody
	begun    bool
	streamed bool
	replaced bool
}

func (answer *watchedAnswer) WriteHeader(status int) {
	if answer.begun || status < http.StatusOK {
		answer.ResponseWriter.WriteHeader(status)
		return
	}
	kind := answer.Header().Get("Content-Type")
	if status >= http.StatusBadRequest && (kind == "" || strings.HasPrefix(kind, "text/plain")) {
		answer.refuse(status)
		return
	}
	answer.begun = true
	answer.streamed = answer.Header().Get("Content-Length") == ""
	answer.ResponseWriter.WriteHeader(status)
	answer.flush()
}

func (answer *watchedAnswer) Write(data []byte) (int, error) {
	if answer.replaced {
		return len(data), nil
	}
	answer.begun = true
	count, err := answer.ResponseWriter.Write(data)
	answer.flush()
	return count, err
}

// flush sends what a service has written so far, where it does not say how much will come. Traefik would do so by a
// method Flush, but of an interpreted type it sees those of http.ResponseWriter alone.
func (answer *watchedAnswer) flush() {
	if flusher, can := answer.ResponseWriter.(http.Flusher); can && answer.streamed {
		flusher.Flush()
	}
}

func (answer *watchedAnswer) refuse(status int) {
	if answer.body != nil && answer.body.failure != 0 {
		status = answer.body.failure
	}
	reason, known := problems[status]
	if !known {
		reason = internalError
	}
	answer.begun, answer.replaced = true, true
	id := answer.request.Header.Get("X-Request-Id")
	if !requestID.MatchString(id) {
		id = newID()
	}
	content, _ := json.Marshal(map[string]any{
		"type":       "/problems/" + reason.slug,
		"title":      reason.title,
		"status":     reason.status,
		"detail":     reason.detail,
		"instance":   answer.request.URL.EscapedPath(),
		"request_id": id,
	})
	header := answer.Header()
	header.Del("X-Retry-In") // Traefik's own, beside the standard one
	if status == http.StatusTooManyRequests || reason.status >= http.StatusServiceUnavailable {
		if header.Get("Retry-After") == "" {
			header.Set("Retry-After", retryAfterSeconds)
		}
	}
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Length", strconv.Itoa(len(content)))
	header.Set("Content-Type", "application/problem+json")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Request-ID", id)
	answer.ResponseWriter.WriteHeader(reason.status)
	_, _ = answer.ResponseWriter.Write(content)
}

func newID() string {
	bytes := make([]byte, 16)
	_, _ = rand.Read(bytes) // never fails
	return hex.EncodeToString(bytes)
}
