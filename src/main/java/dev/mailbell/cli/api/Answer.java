package dev.mailbell.cli.api;

import java.time.Duration;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/**
 * An answer of the API.
 *
 * @param retryAfter zero without such a header
 */
public record Answer(int status, String text, Duration retryAfter) {
    private static final int LEAST_FAILURE = 400;
    private static final int LEAST_REDIRECT = 300;

    boolean isFailure() {
        return status >= LEAST_FAILURE;
    }

    boolean isRedirect() {
        return status >= LEAST_REDIRECT && !isFailure();
    }

    /** The body; a missing node when there is none. */
    public JsonNode json() {
        if (text.isBlank()) {
            return MissingNode.getInstance();
        }
        try {
            return Documents.MAPPER.readTree(text);
        } catch (JacksonException e) {
            throw new ApiFailure(
                    ExitCodes.UNREACHABLE,
                    "the answer is not JSON, so it is not of Mailbell: is --url right?",
                    e);
        }
    }

    JsonNode jsonOrMissing() {
        try {
            return text.isBlank() ? MissingNode.getInstance() : Documents.MAPPER.readTree(text);
        } catch (JacksonException e) {
            return MissingNode.getInstance();
        }
    }

    /** Without the body, which may have a secret. */
    @Override
    public String toString() {
        return "Answer[" + status + "]";
    }
}
