package dev.mailbell.api.problem;

import dev.mailbell.mail.FailureCode;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A problem document (RFC 9457).
 *
 * @param kind the last part of {@code type}; the whole is {@code urn:mailbell:problem:<kind>}
 * @param detail what happened and what to do, for people
 * @param extensions members besides those of the RFC
 * @param headers response headers to set
 */
public record Problem(
        int status,
        String kind,
        String title,
        String detail,
        Map<String, Object> extensions,
        Map<String, String> headers) {
    public static final String CONTENT_TYPE = "application/problem+json";
    private static final String TYPE = "urn:mailbell:problem:";

    public Problem {
        extensions = Map.copyOf(extensions);
        headers = Map.copyOf(headers);
    }

    public static Problem of(int status, String kind, String title, String detail) {
        return new Problem(status, kind, title, detail, Map.of(), Map.of());
    }

    static Problem invalid(List<FieldError> errors) {
        String detail =
                errors.size() == 1
                        ? errors.getFirst().field() + ": " + errors.getFirst().message()
                        : errors.size() + " faults, see errors";
        return of(400, "invalid", "The request is not valid", detail)
                .with("errors", List.copyOf(errors));
    }

    public static Problem invalid(String field, String message) {
        return invalid(List.of(new FieldError(field, message)));
    }

    public static Problem malformed(String detail) {
        return of(400, "malformed", "The request cannot be read", detail);
    }

    public static Problem unauthorized(String detail) {
        return of(401, "unauthorized", "A valid API key is required", detail)
                .withHeader("WWW-Authenticate", "Bearer realm=\"mailbell\"");
    }

    /** The request's key is valid but lacks a scope. */
    public static Problem missingScope(String scope) {
        return of(
                        403,
                        "missing-scope",
                        "This key may not do that",
                        "the key lacks the scope " + scope)
                .with("scope", scope);
    }

    public static Problem notFound(String detail) {
        return of(404, "not-found", "There is no such thing", detail);
    }

    public static Problem conflict(String kind, String detail) {
        return of(409, kind, "The request conflicts with what is there", detail);
    }

    public static Problem tooLarge() {
        return of(
                413,
                "too-large",
                "The body is too large",
                "a body may have 1 MiB (1048576 bytes): send a batch in several requests");
    }

    public static Problem tooSlow() {
        return of(408, "timeout", "The request took too long", "the body did not arrive in time")
                .withHeader("Connection", "close");
    }

    public static Problem unsupportedMediaType(String accepted) {
        return of(
                415,
                "unsupported-media-type",
                "The body has the wrong type",
                "send a body with the header Content-Type: " + accepted);
    }

    /** A body that is compressed. */
    public static Problem encodedBody() {
        return of(
                415,
                "unsupported-media-type",
                "The body has the wrong type",
                "the body is not decoded: send it without the header Content-Encoding");
    }

    /** A well-formed request that policy forbids or that a mail server refuses. */
    public static Problem refused(String kind, String detail) {
        return of(422, kind, "The request was understood and refused", detail);
    }

    /** The mail server of the request could not be read. */
    public static Problem mailFailure(FailureCode code, String message) {
        return refused("mail-failure", message)
                .with("failure", Map.of("code", code.wireName(), "message", message));
    }

    public static Problem tooManyRequests(Duration wait) {
        return tooManyRequests(wait, "wait and try again");
    }

    public static Problem tooManyRequests(Duration wait, String detail) {
        return of(429, "too-many-requests", "Too many requests", detail).retryAfter(wait);
    }

    public static Problem unavailable(String detail) {
        return of(503, "unavailable", "Not available at the moment", detail)
                .retryAfter(Duration.ofSeconds(5));
    }

    /**
     * @param id the id under which the log has the cause
     */
    public static Problem internal(String id) {
        return of(
                        500,
                        "internal",
                        "Something failed inside Mailbell",
                        "the daemon's log has the cause under the id " + id)
                .with("id", id);
    }

    public Problem with(String name, Object value) {
        Map<String, Object> members = new LinkedHashMap<>(extensions);
        members.put(name, value);
        return new Problem(status, kind, title, detail, members, headers);
    }

    public Problem withHeader(String name, String value) {
        Map<String, String> all = new LinkedHashMap<>(headers);
        all.put(name, value);
        return new Problem(status, kind, title, detail, extensions, all);
    }

    public Problem retryAfter(Duration wait) {
        return withHeader(
                "Retry-After", Long.toString(Math.max(1, wait.plusMillis(999).toSeconds())));
    }

    /** The document's members, those of the RFC first. */
    public Map<String, Object> document() {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("type", TYPE + kind);
        members.put("title", title);
        members.put("status", status);
        members.put("detail", detail);
        members.putAll(extensions);
        return members;
    }
}
