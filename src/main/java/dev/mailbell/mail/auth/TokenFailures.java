package dev.mailbell.mail.auth;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.network.BlockedAddressException;
import dev.mailbell.network.CleartextRefusedException;
import dev.mailbell.network.GuardedHttp.Answer;
import dev.mailbell.network.TlsException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.UnknownHostException;
import java.nio.charset.CharacterCodingException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hc.client5.http.ClientProtocolException;
import org.jspecify.annotations.Nullable;

/**
 * Says what a failed renewal means. Texts of the server are never repeated, only codes that we know
 * ourselves: a token endpoint is free to put the request's secrets into its answer.
 */
final class TokenFailures {
    private static final Duration LONGEST_WAIT = Duration.ofHours(1);
    private static final Pattern MICROSOFT_CODE = Pattern.compile("\\bAADSTS[0-9]{4,9}\\b");
    private static final Pattern SECONDS = Pattern.compile("[0-9]{1,9}");

    private final InstantSource clock;

    TokenFailures(InstantSource clock) {
        this.clock = clock;
    }

    /**
     * The endpoint answered with an error.
     *
     * @param error the {@code error} member of RFC 6749, §5.2; null when the answer held none
     * @param description the {@code error_description}, read only for Microsoft's code
     */
    MailFailure refused(
            String host, Answer answer, @Nullable String error, @Nullable String description) {
        String where = "the token endpoint at " + host;
        if (answer.status() == 429) {
            return later(FailureCode.RATE_LIMITED, where + " asks to slow down (429)", answer);
        }
        if (error != null && answer.status() < 500) {
            String code = codes(error, description);
            switch (error) {
                case "invalid_grant",
                        "interaction_required",
                        "login_required",
                        "consent_required" -> {
                    return forOwner(
                            where
                                    + " no longer accepts the refresh token"
                                    + code
                                    + ": sign in again with the mail provider, and set the new"
                                    + " mail.oauth2.refreshToken");
                }
                case "invalid_client", "unauthorized_client" -> {
                    return forOwner(
                            where
                                    + " does not accept the application"
                                    + code
                                    + ": check mail.oauth2.clientId and mail.oauth2.clientSecret,"
                                    + " and that it may use refresh tokens");
                }
                case "invalid_scope" -> {
                    return forOwner(
                            where
                                    + " does not grant the scope"
                                    + code
                                    + ": set mail.oauth2.scope to one that the owner agreed to, or"
                                    + " sign in again with the scope for this protocol");
                }
                case "invalid_request", "unsupported_grant_type" -> {
                    return forOwner(
                            where
                                    + " does not understand the request"
                                    + code
                                    + ": check mail.oauth2.tokenUrl, clientId and refreshToken");
                }
                case "slow_down", "rate_limit_exceeded" -> {
                    return later(FailureCode.RATE_LIMITED, where + " asks to slow down", answer);
                }
                case "server_error", "temporarily_unavailable" -> {
                    return later(
                            FailureCode.SERVER_ERROR, where + " is out of order" + code, answer);
                }
                default -> {
                    // Falls through to what the status alone says.
                }
            }
        }
        String hint =
                answer.status() < 500
                        ? "; redirects are not followed: check mail.oauth2.tokenUrl"
                        : "";
        return later(
                FailureCode.SERVER_ERROR, where + " answered " + answer.status() + hint, answer);
    }

    /** The endpoint answered with something that is not an answer. */
    MailFailure senseless(String host, String what) {
        return new MailFailure(
                FailureCode.PROTOCOL_ERROR, "the token endpoint at " + host + " " + what);
    }

    /** The endpoint was not reached, or not in time. */
    MailFailure unreached(String host, IOException reason) {
        String where = "the token endpoint at " + host;
        return switch (reason) {
            case BlockedAddressException e ->
                    new MailFailure(
                            FailureCode.BLOCKED_ADDRESS,
                            "mail.oauth2.tokenUrl: " + e.getMessage(),
                            e);
            case CleartextRefusedException e ->
                    new MailFailure(
                            FailureCode.BLOCKED_ADDRESS,
                            "mail.oauth2.tokenUrl: " + e.getMessage(),
                            e);
            case UnknownHostException e ->
                    new MailFailure(
                            FailureCode.CONNECT_FAILED,
                            where + " has no address: check mail.oauth2.tokenUrl",
                            e);
            case InterruptedIOException e ->
                    new MailFailure(FailureCode.TIMEOUT, where + " did not answer in time", e);
            case TlsException e ->
                    new MailFailure(FailureCode.TLS_FAILED, where + ": " + e.getMessage(), e);
            case ClientProtocolException e ->
                    new MailFailure(
                            FailureCode.PROTOCOL_ERROR, where + " did not answer in HTTP", e);
            case CharacterCodingException e ->
                    new MailFailure(
                            FailureCode.PROTOCOL_ERROR,
                            where + " answered with endless headers",
                            e);
            default ->
                    new MailFailure(
                            FailureCode.CONNECT_FAILED, where + " could not be reached", reason);
        };
    }

    private static MailFailure forOwner(String message) {
        return new MailFailure(FailureCode.TOKEN_REFUSED, message);
    }

    private MailFailure later(FailureCode code, String message, Answer answer) {
        return new MailFailure(
                code, message, answer.header("retry-after").flatMap(this::wait).orElse(null), null);
    }

    /** RFC 9110, §10.2.3: seconds or a date. */
    private Optional<Duration> wait(String retryAfter) {
        String text = retryAfter.strip();
        if (SECONDS.matcher(text).matches()) {
            return Optional.of(bounded(Duration.ofSeconds(Long.parseLong(text))));
        }
        try {
            Instant date =
                    ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
            return Optional.of(bounded(Duration.between(clock.instant(), date)));
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }

    private static Duration bounded(Duration wait) {
        if (wait.isNegative()) {
            return Duration.ZERO;
        }
        return wait.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait;
    }

    private static String codes(String error, @Nullable String description) {
        Matcher code = MICROSOFT_CODE.matcher(description == null ? "" : description);
        return code.find() ? " (" + error + ", " + code.group() + ")" : " (" + error + ")";
    }
}
