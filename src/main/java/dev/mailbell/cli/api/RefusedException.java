package dev.mailbell.cli.api;

import dev.mailbell.cli.terminal.Printable;
import java.time.Duration;
import tools.jackson.databind.JsonNode;

/** The API answered a request with a status of 400 or above. */
public final class RefusedException extends ApiFailure {
    private static final long serialVersionUID = 1L;
    private static final int UNAUTHORIZED = 401;
    private static final int NOT_FOUND = 404;
    private static final int TOO_MANY_REQUESTS = 429;
    private static final int BAD_GATEWAY = 502;
    private static final int UNAVAILABLE = 503;
    private static final int GATEWAY_TIMEOUT = 504;
    private static final int MAX_DETAIL = 300;
    private static final String TYPE = "urn:mailbell:problem:";

    private final int status;
    private final String kind;
    private final String detail;
    private final Duration retryAfter;

    private RefusedException(
            int status, String kind, String detail, String message, Duration retryAfter) {
        super(status == NOT_FOUND ? ExitCodes.NOT_FOUND : ExitCodes.REFUSED, message);
        this.status = status;
        this.kind = kind;
        this.detail = detail;
        this.retryAfter = retryAfter;
    }

    /**
     * @param keySource what the key was read from
     */
    static RefusedException of(Answer answer, String url, String keySource) {
        JsonNode problem = answer.jsonOrMissing();
        String kind = problem.path("type").stringValue("");
        kind = kind.startsWith(TYPE) ? Printable.of(kind.substring(TYPE.length())) : "";
        String detail =
                problem.path("detail").stringValue(kind.isEmpty() ? beginning(answer.text()) : "");
        String shown = Printable.of(detail);
        String message;
        if (answer.status() == UNAUTHORIZED) {
            message =
                    keySource.isEmpty()
                            ? url
                                    + " needs a key (401): set MAILBELL_KEY, or name its file with"
                                    + " --key-file or MAILBELL_KEY_FILE"
                            : url
                                    + " does not accept the key of "
                                    + keySource
                                    + " (401): it is wrong, expired or revoked, or of another Mailbell";
        } else {
            message =
                    "refused by the API (%d%s)%s"
                            .formatted(
                                    answer.status(),
                                    kind.isEmpty() ? "" : " " + kind,
                                    shown.isEmpty() ? "" : ": " + shown);
            if (kind.isEmpty()) {
                message += "; this is not an answer of Mailbell: is --url right?";
            }
            message += errors(problem.path("errors"));
        }
        return new RefusedException(answer.status(), kind, detail, message, answer.retryAfter());
    }

    private static String errors(JsonNode errors) {
        StringBuilder lines = new StringBuilder();
        if (errors.size() > 1 || errors.size() == 1 && errors.path(0).has("source")) {
            for (JsonNode error : errors) {
                lines.append("\n  ").append(Printable.of(fault(error)));
            }
        }
        return lines.toString();
    }

    /** An entry of {@code errors}: the field and what is wrong with it. */
    public static String fault(JsonNode error) {
        String line = error.has("line") ? ":" + error.path("line").asString() : "";
        String source =
                error.has("source") ? error.path("source").stringValue("") + line + ": " : "";
        return source
                + error.path("field").stringValue("")
                + ": "
                + error.path("message").asString();
    }

    private static String beginning(String text) {
        String line = text.strip();
        return line.length() <= MAX_DETAIL ? line : line.substring(0, MAX_DETAIL) + "…";
    }

    public int status() {
        return status;
    }

    /** The last part of the problem's type, such as {@code ref-taken}; empty without one. */
    public String kind() {
        return kind;
    }

    /** The problem's detail, as the API gave it. */
    public String detail() {
        return detail;
    }

    /** How long to wait before the request is sent again; zero when the API did not say. */
    public Duration retryAfter() {
        return retryAfter;
    }

    /**
     * How long to wait before the same request is sent again.
     *
     * @param tries how often it was refused; a proxy without a daemon does not say how long
     */
    public Duration pause(int tries) {
        return retryAfter.isPositive() ? retryAfter : Duration.ofSeconds(tries);
    }

    /** Whether a proxy gave up waiting for the daemon, which may be at work on the request. */
    public boolean isLate() {
        return status == GATEWAY_TIMEOUT;
    }

    /**
     * Whether the same request may succeed a little later. A proxy says 502 and 504 while the
     * daemon behind it is restarted.
     */
    public boolean isPassing() {
        return status == TOO_MANY_REQUESTS
                || status == BAD_GATEWAY
                || status == UNAVAILABLE
                || status == GATEWAY_TIMEOUT;
    }
}
