package dev.mailbell.mail.auth;

import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.oauth2.sdk.AuthorizationCode;
import com.nimbusds.oauth2.sdk.AuthorizationCodeGrant;
import com.nimbusds.oauth2.sdk.AuthorizationGrant;
import com.nimbusds.oauth2.sdk.ClientCredentialsGrant;
import com.nimbusds.oauth2.sdk.JWTBearerGrant;
import com.nimbusds.oauth2.sdk.RefreshTokenGrant;
import com.nimbusds.oauth2.sdk.Scope;
import com.nimbusds.oauth2.sdk.TokenRequest;
import com.nimbusds.oauth2.sdk.auth.ClientAuthentication;
import com.nimbusds.oauth2.sdk.auth.ClientSecretBasic;
import com.nimbusds.oauth2.sdk.auth.ClientSecretPost;
import com.nimbusds.oauth2.sdk.auth.PrivateKeyJWT;
import com.nimbusds.oauth2.sdk.auth.Secret;
import com.nimbusds.oauth2.sdk.http.HTTPRequest;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.pkce.CodeVerifier;
import com.nimbusds.oauth2.sdk.token.RefreshToken;
import dev.mailbell.mail.auth.grant.ClientCredentials;
import dev.mailbell.mail.auth.grant.CodeGrant;
import dev.mailbell.mail.auth.grant.JwtBearer;
import dev.mailbell.mail.auth.grant.OAuthClient;
import dev.mailbell.mail.auth.grant.OAuthGrant;
import dev.mailbell.mail.auth.grant.SigningKey;
import dev.mailbell.mail.auth.grant.TokenGrant;
import dev.mailbell.mail.auth.grant.TokenSupplier;
import dev.mailbell.network.http.GuardedHttp;
import dev.mailbell.secret.Signer;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import net.minidev.json.JSONObject;

/** Builds the requests to token endpoints. */
final class TokenRequests {
    /** How long an assertion is valid; Microsoft recommends at most ten minutes. */
    private static final Duration ASSERTION_LIFE = Duration.ofMinutes(5);

    /** How much this host's clock may be fast: some servers accept no time in their future. */
    private static final Duration SKEW = Duration.ofSeconds(30);

    private final InstantSource clock;

    TokenRequests(InstantSource clock) {
        this.clock = clock;
    }

    /**
     * @param basic whether a secret goes into the header of HTTP Basic instead of the body
     */
    GuardedHttp.Request of(TokenGrant grant, boolean basic) {
        return switch (grant) {
            case OAuthGrant refresh ->
                    form(
                            refresh.client(),
                            grant.endpoint(),
                            new RefreshTokenGrant(new RefreshToken(refresh.refreshToken())),
                            refresh.effectiveScope(),
                            basic);
            case ClientCredentials app ->
                    form(
                            app.client(),
                            grant.endpoint(),
                            new ClientCredentialsGrant(),
                            Optional.ofNullable(app.scope()),
                            basic);
            case CodeGrant code ->
                    form(
                            code.client(),
                            grant.endpoint(),
                            new AuthorizationCodeGrant(
                                    new AuthorizationCode(code.code()),
                                    code.redirect(),
                                    new CodeVerifier(code.verifier())),
                            Optional.empty(),
                            basic);
            case JwtBearer bearer -> assertion(bearer);
            case TokenSupplier supplier -> signed(supplier);
        };
    }

    private GuardedHttp.Request form(
            OAuthClient client,
            URI endpoint,
            AuthorizationGrant grant,
            Optional<String> scope,
            boolean basic) {
        ClientID id = new ClientID(client.id());
        Optional<ClientAuthentication> proof = proof(client, id, endpoint, basic);
        TokenRequest.Builder builder =
                proof.isPresent()
                        ? new TokenRequest.Builder(endpoint, proof.get(), grant)
                        : new TokenRequest.Builder(endpoint, id, grant);
        scope.ifPresent(text -> builder.scope(Scope.parse(text)));
        return request(builder.build().toHTTPRequest());
    }

    private Optional<ClientAuthentication> proof(
            OAuthClient client, ClientID id, URI endpoint, boolean basic) {
        SigningKey key = client.key();
        if (key != null) {
            JWTClaimsSet claims =
                    claims(client.id(), endpoint)
                            .subject(client.id())
                            .jwtID(UUID.randomUUID().toString())
                            .build();
            return Optional.of(new PrivateKeyJWT(key.sign(claims)));
        }
        String secret = client.secret();
        if (secret == null) {
            return Optional.empty();
        }
        return Optional.of(
                basic
                        ? new ClientSecretBasic(id, new Secret(secret))
                        : new ClientSecretPost(id, new Secret(secret)));
    }

    private JWTClaimsSet.Builder claims(String issuer, URI audience) {
        Instant now = clock.instant();
        return new JWTClaimsSet.Builder()
                .issuer(issuer)
                .audience(audience.toString())
                .issueTime(Date.from(now.minus(SKEW)))
                .notBeforeTime(Date.from(now.minus(SKEW)))
                .expirationTime(Date.from(now.plus(ASSERTION_LIFE)));
    }

    private GuardedHttp.Request assertion(JwtBearer bearer) {
        JWTClaimsSet.Builder claims =
                claims(bearer.issuer(), bearer.endpoint())
                        .subject(bearer.subject())
                        .jwtID(UUID.randomUUID().toString());
        String scope = bearer.scope();
        if (scope != null && bearer.scopeAsClaim()) {
            claims.claim("scope", scope);
        }
        TokenRequest.Builder builder =
                new TokenRequest.Builder(
                        bearer.endpoint(), new JWTBearerGrant(bearer.key().sign(claims.build())));
        if (scope != null && !bearer.scopeAsClaim()) {
            builder.scope(Scope.parse(scope));
        }
        return request(builder.build().toHTTPRequest());
    }

    /** Signed as a delivery of a webhook is; the id is new for each request. */
    private GuardedHttp.Request signed(TokenSupplier supplier) {
        Instant now = clock.instant();
        String id = UUID.randomUUID().toString();
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("type", "token.request");
        json.put("accountId", supplier.accountId().toString());
        json.put("username", supplier.username());
        byte[] body = JSONObject.toJSONString(json).getBytes(StandardCharsets.UTF_8);
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Accept", "application/json");
        headers.put("Content-Type", "application/json");
        headers.put("webhook-id", id);
        headers.put("webhook-timestamp", Long.toString(now.getEpochSecond()));
        headers.put(
                "webhook-signature",
                Signer.signature(List.of(supplier.signingSecret()), id, now, body));
        return new GuardedHttp.Request(supplier.endpoint(), headers, body);
    }

    private static GuardedHttp.Request request(HTTPRequest built) {
        Map<String, String> headers = new LinkedHashMap<>();
        for (Map.Entry<String, List<String>> header : built.getHeaderMap().entrySet()) {
            headers.put(header.getKey(), header.getValue().getFirst());
        }
        headers.put("Accept", "application/json");
        byte[] body = String.valueOf(built.getBody()).getBytes(StandardCharsets.UTF_8);
        return new GuardedHttp.Request(built.getURI(), headers, body);
    }
}
