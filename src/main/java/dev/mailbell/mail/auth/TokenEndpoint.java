package dev.mailbell.mail.auth;

import com.nimbusds.oauth2.sdk.AccessTokenResponse;
import com.nimbusds.oauth2.sdk.ParseException;
import com.nimbusds.oauth2.sdk.token.AccessToken;
import com.nimbusds.oauth2.sdk.token.RefreshToken;
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
        if (mayWantBasic(grant)
                && reply.error()
                        .filter(error -> error.code().equals("invalid_client"))
                        .isPresent()) {
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
            return JSONObjectUtils.parse(new String(answer.body(), StandardCharsets.UTF_8));
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

        IssuedTokens issued(TokenGrant grant) {
            String host = grant.endpoint().getHost();
            if (answer.status() / 100 != 2 || error().isPresent()) {
                throw failures.refused(grant, answer, error().orElse(null));
            }
            if (json == null) {
                throw failures.senseless(host, "answered with something that is not JSON");
            }
            if (grant instanceof TokenSupplier) {
                // A client's own endpoint may leave out the type; there is one only.
                json.putIfAbsent("token_type", "Bearer");
            }
            try {
                AccessTokenResponse response = AccessTokenResponse.parse(json);
                AccessToken access = response.getTokens().getAccessToken();
                RefreshToken refresh = response.getTokens().getRefreshToken();
                return new IssuedTokens(
                        printable(host, access.getValue(), '!'),
                        lifetime(access.getLifetime()),
                        refresh == null ? null : printable(host, refresh.getValue(), ' '));
            } catch (ParseException e) {
                throw failures.senseless(
                        host, "answered without an access_token and its token_type");
            }
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

        private static Duration lifetime(long seconds) {
            return Duration.ofSeconds(seconds <= 0 ? UNTOLD_LIFE : Math.min(seconds, LONGEST_LIFE));
        }
    }
}
