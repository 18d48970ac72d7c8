package dev.mailbell.mail.auth;

import com.nimbusds.oauth2.sdk.AccessTokenResponse;
import com.nimbusds.oauth2.sdk.ParseException;
import com.nimbusds.oauth2.sdk.RefreshTokenGrant;
import com.nimbusds.oauth2.sdk.Scope;
import com.nimbusds.oauth2.sdk.TokenRequest;
import com.nimbusds.oauth2.sdk.auth.ClientAuthentication;
import com.nimbusds.oauth2.sdk.auth.ClientSecretBasic;
import com.nimbusds.oauth2.sdk.auth.ClientSecretPost;
import com.nimbusds.oauth2.sdk.auth.Secret;
import com.nimbusds.oauth2.sdk.http.HTTPRequest;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.token.AccessToken;
import com.nimbusds.oauth2.sdk.token.RefreshToken;
import com.nimbusds.oauth2.sdk.util.JSONObjectUtils;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.network.Deadline;
import dev.mailbell.network.http.GuardedHttp;
import dev.mailbell.network.http.GuardedHttp.Answer;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import net.minidev.json.JSONObject;
import org.jspecify.annotations.Nullable;

/** Trades a refresh token for an access token (RFC 6749, §6), over the guarded way out. */
final class TokenEndpoint {
    private static final Duration PATIENCE = Duration.ofSeconds(15);
    private static final int MAX_BYTES = 64 * 1024;
    private static final int LONGEST_TOKEN = 16 * 1024;
    private static final long LONGEST_LIFE = Duration.ofDays(1).toSeconds();
    // expires_in is only recommended; a short guess costs a few more renewals.
    private static final long UNTOLD_LIFE = Duration.ofMinutes(10).toSeconds();

    private final GuardedHttp http;
    private final TokenFailures failures;

    TokenEndpoint(GuardedHttp http, InstantSource clock) {
        this.http = http;
        this.failures = new TokenFailures(clock);
    }

    /**
     * @throws MailFailure as specified by {@link TokenSource#accessToken}
     */
    IssuedTokens refresh(OAuthGrant grant, Deadline deadline) {
        Deadline end = deadline.atMost(PATIENCE);
        Reply reply = ask(grant, ClientSecretPost::new, end);
        // §2.3.1 allows a server to require HTTP Basic; Google and Microsoft do not.
        if (grant.provider() == Provider.CUSTOM
                && grant.clientSecret() != null
                && reply.error()
                        .filter(error -> error.code().equals("invalid_client"))
                        .isPresent()) {
            reply = ask(grant, ClientSecretBasic::new, end);
        }
        return reply.issued(grant);
    }

    private Reply ask(
            OAuthGrant grant,
            BiFunction<ClientID, Secret, ClientAuthentication> proof,
            Deadline deadline) {
        URI endpoint = grant.endpoint();
        Answer answer;
        try {
            answer = http.send(request(grant, proof), MAX_BYTES, deadline);
        } catch (IOException e) {
            throw failures.unreached(endpoint.getHost(), e);
        }
        if (answer.truncated()) {
            throw failures.senseless(endpoint.getHost(), "answered with more than 64 KiB");
        }
        return new Reply(answer, json(answer), failures);
    }

    private static GuardedHttp.Request request(
            OAuthGrant grant, BiFunction<ClientID, Secret, ClientAuthentication> proof) {
        ClientID client = new ClientID(grant.clientId());
        RefreshTokenGrant refresh = new RefreshTokenGrant(new RefreshToken(grant.refreshToken()));
        String secret = grant.clientSecret();
        TokenRequest.Builder builder =
                secret == null
                        ? new TokenRequest.Builder(grant.endpoint(), client, refresh)
                        : new TokenRequest.Builder(
                                grant.endpoint(), proof.apply(client, new Secret(secret)), refresh);
        grant.effectiveScope().ifPresent(scope -> builder.scope(Scope.parse(scope)));
        HTTPRequest built = builder.build().toHTTPRequest();
        Map<String, String> headers = new LinkedHashMap<>();
        for (Map.Entry<String, List<String>> header : built.getHeaderMap().entrySet()) {
            headers.put(header.getKey(), header.getValue().getFirst());
        }
        headers.put("Accept", "application/json");
        byte[] body = String.valueOf(built.getBody()).getBytes(StandardCharsets.UTF_8);
        return new GuardedHttp.Request(built.getURI(), headers, body);
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

        IssuedTokens issued(OAuthGrant grant) {
            String host = grant.endpoint().getHost();
            if (answer.status() / 100 != 2 || error().isPresent()) {
                throw failures.refused(grant, answer, error().orElse(null));
            }
            if (json == null) {
                throw failures.senseless(host, "answered with something that is not JSON");
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
