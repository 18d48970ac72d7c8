package dev.mailbell.mail.auth;

import com.nimbusds.oauth2.sdk.ParseException;
import com.nimbusds.oauth2.sdk.util.JSONObjectUtils;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.auth.grant.ClientCredentials;
import dev.mailbell.mail.auth.grant.CodeGrant;
import dev.mailbell.mail.auth.grant.JwtBearer;
import dev.mailbell.mail.auth.grant.OAuthGrant;
import dev.mailbell.mail.auth.grant.Provider;
import dev.mailbell.mail.auth.grant.TokenGrant;
import dev.mailbell.mail.auth.grant.TokenSupplier;
import dev.mailbell.network.Deadline;
import dev.mailbell.network.http.GuardedHttp;
import dev.mailbell.network.http.GuardedHttp.Answer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.regex.Pattern;
import net.minidev.json.JSONObject;
import org.jspecify.annotations.Nullable;

/** Trades grants for access tokens (RFC 6749, §4 and §6), over the guarded way out. */
final class TokenEndpoint {
    private static final Duration PATIENCE = Duration.ofSeconds(15);
    private static final int MAX_BYTES = 64 * 1024;
    private static final int LONGEST_TOKEN = 16 * 1024;
    private static final long LONGEST_LIFE = Duration.ofDays(1).toSeconds();
    // expires_in is only recommended; a short guess costs a few more renewals.
    private static final long UNTOLD_LIFE = Duration.ofMinutes(10).toSeconds();

    private static final Pattern SECONDS = Pattern.compile("[0-9]{1,15}");

    private final GuardedHttp http;
    private final TokenRequests requests;
    private final TokenFailures failures;

    TokenEndpoint(GuardedHttp http, InstantSource clock) {
        this.http = http;
        this.requests = new TokenRequests(clock);
        this.failures = new TokenFailures(clock);
    }

    /**
     * @throws MailFailure as specified by {@link TokenSource#accessToken}
     */
    IssuedTokens request(TokenGrant grant, Deadline deadline) {
        Deadline end = deadline.atMost(PATIENCE);
        Reply reply = ask(grant, false, end);
        if (mayWantBasic(grant) && reply.missesClient()) {
            reply = ask(grant, true, end);
        }
        return reply.issued(grant);
    }

    /** §2.3.1 allows a server to require HTTP Basic; Google and Microsoft do not. */
    private static boolean mayWantBasic(TokenGrant grant) {
        return switch (grant) {
            case OAuthGrant refresh ->
                    refresh.provider() == Provider.CUSTOM && refresh.clientSecret() != null;
            case ClientCredentials app -> app.client().secret() != null;
            case CodeGrant code -> code.client().secret() != null;
            case JwtBearer bearer -> false;
            case TokenSupplier supplier -> false;
        };
    }

    private Reply ask(TokenGrant grant, boolean basic, Deadline deadline) {
        Answer answer;
        try {
            answer = http.send(requests.of(grant, basic), MAX_BYTES, deadline);
        } catch (IOException e) {
            throw failures.unreached(grant, e);
        }
        if (answer.truncated()) {
            throw failures.senseless(grant.endpoint().getHost(), "answered with more than 64 KiB");
        }
        return new Reply(answer, json(answer), failures);
    }

    private static @Nullable JSONObject json(Answer answer) {
        try {
            String text = new String(answer.body(), StandardCharsets.UTF_8);
            // Servers on .NET may begin with a byte order mark.
            return JSONObjectUtils.parse(text.startsWith("\ufeff") ? text.substring(1) : text);
        } catch (ParseException e) {
            // For an error page the status is sufficient; a success without JSON is refused later.
            return null;
        }
    }

    /** An answer and its JSON, if any. */
    private record Reply(Answer answer, @Nullable JSONObject json, TokenFailures failures) {

        Optional<TokenError> error() {
            return TokenError.of(json);
        }

        /**
         * Whether the endpoint has not found the client's id and secret. Servers that look for HTTP
         * Basic before they read the body (Spring Security) say so by 401 alone, or by an error of
         * their own.
         */
        boolean missesClient() {
            String code = error().map(TokenError::code).orElse("");
            return code.equals("invalid_client")
                    || answer.status() == 401
                            && (code.isEmpty() || code.equalsIgnoreCase("unauthorized"));
        }

        IssuedTokens issued(TokenGrant grant) {
            String host = grant.endpoint().getHost();
            if (answer.status() / 100 != 2 || error().isPresent()) {
                throw failures.refused(grant, answer, error().orElse(null));
            }
            if (json == null) {
                throw failures.senseless(host, "answered with something that is not JSON");
            }
            // Only what is used is read: Mail.ru sends no token_type, others a list of scopes.
            if (!(json.get("access_token") instanceof String access) || access.isEmpty()) {
                throw failures.senseless(host, "answered without an access_token");
            }
            return new IssuedTokens(
                    printable(host, access, '!'),
                    lifetime(json.get("expires_in")),
                    json.get("refresh_token") instanceof String refresh && !refresh.isBlank()
                            ? printable(host, refresh, ' ')
                            : null);
        }

        /**
         * RFC 6749, appendix A.12 and A.17, but without blanks in an access token, which would
         * break the SASL message that contains it.
         */
        private String printable(String host, String token, char lowest) {
            if (token.length() > LONGEST_TOKEN
                    || !token.chars().allMatch(c -> c >= lowest && c < 0x7f)) {
                throw failures.senseless(host, "answered with a token that is not one");
            }
            return token;
        }

        /** The lifetime, which some servers send as text; without one that can be read a guess. */
        private static Duration lifetime(@Nullable Object told) {
            long seconds =
                    switch (told) {
                        case Number number -> number.longValue();
                        case String text when SECONDS.matcher(text.strip()).matches() ->
                                Long.parseLong(text.strip());
                        case null, default -> 0;
                    };
            return Duration.ofSeconds(seconds <= 0 ? UNTOLD_LIFE : Math.min(seconds, LONGEST_LIFE));
        }
    }
}
