package dev.mailbell.mail.auth;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.auth.grant.ClientCredentials;
import dev.mailbell.mail.auth.grant.CodeGrant;
import dev.mailbell.mail.auth.grant.JwtBearer;
import dev.mailbell.mail.auth.grant.OAuthClient;
import dev.mailbell.mail.auth.grant.OAuthGrant;
import dev.mailbell.mail.auth.grant.TokenGrant;
import dev.mailbell.mail.auth.grant.TokenSupplier;
import dev.mailbell.network.address.BlockedAddressException;
import dev.mailbell.network.http.CleartextRefusedException;
import dev.mailbell.network.http.GuardedHttp.Answer;
import dev.mailbell.network.socket.ResponseTooLongException;
import dev.mailbell.network.tls.TlsException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.hc.client5.http.ClientProtocolException;
import org.apache.hc.core5.http.ConnectionClosedException;
import org.apache.hc.core5.http.MessageConstraintException;
import org.apache.hc.core5.http.NoHttpResponseException;
import org.jspecify.annotations.Nullable;

/** Creates the failures of renewals, with advice on who can correct them. */
final class TokenFailures {
    private static final Duration LONGEST_WAIT = Duration.ofHours(1);
    private static final Pattern SECONDS = Pattern.compile("[0-9]{1,9}");

    private final InstantSource clock;

    TokenFailures(InstantSource clock) {
        this.clock = clock;
    }

    /**
     * The endpoint answered with an error.
     *
     * @param error the error in the answer; null if it contains none that can be parsed
     */
    MailFailure refused(TokenGrant grant, Answer answer, @Nullable TokenError error) {
        String where = "the token endpoint at " + grant.endpoint().getHost();
        int status = answer.status();
        if (status == 429) {
            return later(FailureCode.RATE_LIMITED, where + " asks to slow down (429)", answer);
        }
        if (error == null || status >= 500 || status / 100 == 3) {
            return later(
                    FailureCode.SERVER_ERROR,
                    where + " answered " + status + hint(status, TokenAdvice.urlOf(grant)),
                    answer);
        }
        EndpointMessages words = new EndpointMessages(grant);
        String said =
                words.codes(error)
                        + words.text(error.description())
                                .map(text -> ", it says \"" + text + "\"")
                                .orElse("");
        if (isJudgedByTime(grant, error) && error.isOfClock()) {
            return later(
                    FailureCode.SERVER_ERROR,
                    where
                            + " does not accept the time in Mailbell's assertion"
                            + said
                            + ": the operator of Mailbell has to check the clock of its host",
                    answer);
        }
        return switch (error.meaning()) {
            case TokenError.Later.SLOW_DOWN ->
                    later(FailureCode.RATE_LIMITED, where + " asks to slow down" + said, answer);
            case TokenError.Later.OUT_OF_ORDER ->
                    later(FailureCode.SERVER_ERROR, where + " is out of order" + said, answer);
            case TokenError.ForOwner cause ->
                    new MailFailure(
                            FailureCode.TOKEN_REFUSED,
                            where
                                    + " "
                                    + TokenAdvice.what(cause, grant)
                                    + said
                                    + ": "
                                    + TokenAdvice.advice(cause, grant));
        };
    }

    /**
     * Whether an error is about a JWT that Mailbell signed, with its own time. In a refresh that
     * JWT is the proof of the client; of a refresh token too servers say that it is not active.
     */
    private static boolean isJudgedByTime(TokenGrant grant, TokenError error) {
        OAuthClient client =
                switch (grant) {
                    case ClientCredentials app -> app.client();
                    case OAuthGrant refresh -> refresh.client();
                    case CodeGrant code -> code.client();
                    case JwtBearer app -> null;
                    case TokenSupplier supplier -> null;
                };
        return client == null
                ? grant instanceof JwtBearer
                : client.key() != null && error.code().equals("invalid_client");
    }

    /** Advice if the answer itself contains none. */
    private static String hint(int status, String url) {
        return switch (status) {
            case 301, 302, 303, 307, 308 -> "; redirects are not followed: check " + url;
            case 404, 405, 410 -> "; check " + url;
            default -> "";
        };
    }

    /** The failure for an answer that is not valid. */
    MailFailure senseless(String host, String what) {
        return new MailFailure(
                FailureCode.PROTOCOL_ERROR, "the token endpoint at " + host + " " + what);
    }

    /** The failure for an endpoint that was not reached, or not in time. */
    MailFailure unreached(TokenGrant grant, IOException reason) {
        String where = "the token endpoint at " + grant.endpoint().getHost();
        String url = TokenAdvice.urlOf(grant);
        return switch (reason) {
            case BlockedAddressException e ->
                    new MailFailure(FailureCode.BLOCKED_ADDRESS, url + ": " + e.getMessage(), e);
            case CleartextRefusedException e ->
                    new MailFailure(FailureCode.BLOCKED_ADDRESS, url + ": " + e.getMessage(), e);
            case UnknownHostException e ->
                    new MailFailure(
                            FailureCode.CONNECT_FAILED, where + " has no address: check " + url, e);
            case InterruptedIOException e ->
                    new MailFailure(FailureCode.TIMEOUT, where + " did not answer in time", e);
            case TlsException e ->
                    new MailFailure(FailureCode.TLS_FAILED, where + ": " + e.getMessage(), e);
            case ClientProtocolException e ->
                    new MailFailure(
                            FailureCode.PROTOCOL_ERROR, where + " did not answer in HTTP", e);
            case ResponseTooLongException e ->
                    new MailFailure(FailureCode.PROTOCOL_ERROR, where + ": " + e.getMessage(), e);
            // Chunk lines or trailers exceed the limits.
            case MessageConstraintException e ->
                    new MailFailure(
                            FailureCode.PROTOCOL_ERROR,
                            where + " answered with a body whose framing exceeds the limits",
                            e);
            case ConnectionClosedException e ->
                    new MailFailure(
                            FailureCode.CONNECT_FAILED,
                            where + " closed the connection within its answer",
                            e);
            case NoHttpResponseException e ->
                    new MailFailure(
                            FailureCode.CONNECT_FAILED,
                            where + " closed the connection without an answer",
                            e);
            default ->
                    new MailFailure(
                            FailureCode.CONNECT_FAILED, where + " could not be reached", reason);
        };
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
}
