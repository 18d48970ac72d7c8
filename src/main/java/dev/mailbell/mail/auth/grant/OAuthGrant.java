package dev.mailbell.mail.auth.grant;

import dev.mailbell.mail.Protocol;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The right to get access tokens for one account (RFC 6749, §6). Contains secrets, which {@link
 * #toString} redacts.
 *
 * @param protocol the protocol that the tokens are for; determines Microsoft's scope
 * @param clientId the ID of the application that the owner signed in to
 * @param clientSecret null for a public client
 * @param tokenUrl absolute https URL (http only where the operator allows clear text to its host);
 *     null for the provider's own, required for {@link Provider#CUSTOM}
 * @param scope space separated; null for the provider's own
 * @param key proves the application instead of a secret; null for none
 * @param ofApp whether the application is one that the client registered, and not the account's own
 */
public record OAuthGrant(
        Protocol protocol,
        Provider provider,
        String clientId,
        @Nullable String clientSecret,
        String refreshToken,
        @Nullable String tokenUrl,
        @Nullable String scope,
        @Nullable SigningKey key,
        boolean ofApp)
        implements TokenGrant {
    private static final int LONGEST_ID = 1024;
    // Microsoft's refresh tokens run to about 2,000 characters and have no documented bound.
    private static final int LONGEST_TOKEN = 16 * 1024;
    private static final int LONGEST_URL = 2048;

    /**
     * A fault of one member.
     *
     * @param field {@code provider}, {@code clientId}, {@code clientSecret}, {@code refreshToken},
     *     {@code tokenUrl} or {@code scope}
     * @param message what to do, without the value, which may be a secret
     */
    public record Fault(String field, String message) {}

    /**
     * @throws IllegalArgumentException naming every fault
     */
    public OAuthGrant {
        List<Fault> faults =
                faults(provider.wireName(), clientId, clientSecret, refreshToken, tokenUrl, scope);
        if (!faults.isEmpty()) {
            throw new IllegalArgumentException(
                    String.join(
                            "; ",
                            faults.stream().map(f -> f.field() + " " + f.message()).toList()));
        }
    }

    /** A grant with an application of its own. */
    public OAuthGrant(
            Protocol protocol,
            Provider provider,
            String clientId,
            @Nullable String clientSecret,
            String refreshToken,
            @Nullable String tokenUrl,
            @Nullable String scope) {
        this(
                protocol,
                provider,
                clientId,
                clientSecret,
                refreshToken,
                tokenUrl,
                scope,
                null,
                false);
    }

    /**
     * All faults of the members as a client sent them; null stands for absent. Without faults a
     * grant can be created.
     */
    public static List<Fault> faults(
            @Nullable String provider,
            @Nullable String clientId,
            @Nullable String clientSecret,
            @Nullable String refreshToken,
            @Nullable String tokenUrl,
            @Nullable String scope) {
        List<Fault> faults = new ArrayList<>();
        Optional<Provider> known = Optional.ofNullable(provider).flatMap(Provider::of);
        if (known.isEmpty()) {
            faults.add(new Fault("provider", "must be google, microsoft or custom"));
        }
        requireText(faults, "clientId", clientId, LONGEST_ID);
        requireText(faults, "refreshToken", refreshToken, LONGEST_TOKEN);
        if (clientSecret != null) {
            requireText(faults, "clientSecret", clientSecret, LONGEST_TOKEN);
        }
        if (scope != null) {
            requireText(faults, "scope", scope, LONGEST_URL);
        }
        if (tokenUrl != null) {
            urlFault(tokenUrl).ifPresent(text -> faults.add(new Fault("tokenUrl", text)));
        } else if (known.filter(p -> p == Provider.CUSTOM).isPresent()) {
            faults.add(new Fault("tokenUrl", "is required with the provider custom"));
        }
        return List.copyOf(faults);
    }

    private static void requireText(
            List<Fault> faults, String field, @Nullable String value, int longest) {
        if (value == null || value.isBlank()) {
            faults.add(new Fault(field, "is required and must not be blank"));
        } else if (value.length() > longest) {
            faults.add(new Fault(field, "must have at most " + longest + " characters"));
        } else if (!value.chars().allMatch(c -> c >= 0x20 && c < 0x7f)) {
            // RFC 6749, appendix A: all members are printable ASCII.
            faults.add(new Fault(field, "must consist of printable ASCII characters"));
        }
    }

    private static Optional<String> urlFault(String url) {
        if (url.length() > LONGEST_URL) {
            return Optional.of("must have at most " + LONGEST_URL + " characters");
        }
        Optional<URI> parsed = parse(url);
        if (parsed.isEmpty() || parsed.get().getHost() == null) {
            return Optional.of("must be an absolute URL such as https://auth.example.org/token");
        }
        URI uri = parsed.get();
        String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
        if (!scheme.equals("https") && !scheme.equals("http")) {
            return Optional.of("must begin with https://");
        }
        if (uri.getRawUserInfo() != null || uri.getRawFragment() != null) {
            return Optional.of("must carry neither a user name nor a fragment");
        }
        return Optional.empty();
    }

    private static Optional<URI> parse(String url) {
        try {
            return Optional.of(new URI(url));
        } catch (java.net.URISyntaxException e) {
            return Optional.empty();
        }
    }

    @Override
    public URI endpoint() {
        return tokenUrl != null ? URI.create(tokenUrl) : provider.tokenUrl().orElseThrow();
    }

    public OAuthClient client() {
        return new OAuthClient(clientId, clientSecret, key);
    }

    @Override
    public List<String> secrets() {
        List<String> secrets = new ArrayList<>(client().secrets());
        secrets.add(refreshToken);
        return List.copyOf(secrets);
    }

    /** What to ask for; empty asks for what was granted at first. */
    public Optional<String> effectiveScope() {
        return scope != null ? Optional.of(scope) : provider.scope(protocol);
    }

    /** The same right after the server replaced the refresh token. */
    public OAuthGrant withRefreshToken(String replaced) {
        return new OAuthGrant(
                protocol, provider, clientId, clientSecret, replaced, tokenUrl, scope, key, ofApp);
    }

    @Override
    public String toString() {
        return "OAuthGrant[" + provider.wireName() + ", redacted]";
    }
}
