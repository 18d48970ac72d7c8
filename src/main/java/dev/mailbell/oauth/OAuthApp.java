package dev.mailbell.oauth;

import dev.mailbell.mail.auth.grant.Provider;
import dev.mailbell.network.Host;
import dev.mailbell.network.HostGlob;
import java.net.URI;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * An application that a client registered at an OAuth 2.0 provider. Accounts name it instead of
 * carrying its secret.
 *
 * @param id UUIDv7
 * @param clientId the client of Mailbell that owns it
 * @param name for people; null for none
 * @param oauthClientId the provider's client ID; with {@link Grant#JWT_BEARER} the issuer of
 *     assertions
 * @param secret the encrypted client secret or private key, as {@code proof} says; null for none
 * @param keyId the {@code kid} of the private key; null for none
 * @param tenant Microsoft's; null for {@code common}
 * @param authorizationUrl only with {@link Provider#CUSTOM}; null allows no consent
 * @param tokenUrl only with {@link Provider#CUSTOM}, and then not null
 * @param redirectUrl where the provider sends browsers after a consent; null for the callback page
 *     under {@code http.publicUrl}
 * @param scope null for the provider's own
 * @param mailHosts patterns of the mail servers that the app's tokens may be sent to
 */
@SuppressWarnings("ArrayRecordComponent") // ciphertext, never compared
public record OAuthApp(
        UUID id,
        UUID clientId,
        @Nullable String name,
        Provider provider,
        Grant grant,
        String oauthClientId,
        Proof proof,
        byte @Nullable [] secret,
        @Nullable String keyId,
        @Nullable String tenant,
        @Nullable String authorizationUrl,
        @Nullable String tokenUrl,
        @Nullable String redirectUrl,
        @Nullable String scope,
        List<String> mailHosts,
        Instant createdAt,
        Instant updatedAt) {

    /** The most apps of one client. */
    public static final int MAX_OF_CLIENT = 1_000;

    /** Microsoft's tenant for accounts of every organisation and for personal ones. */
    private static final String ANY_TENANT = "common";

    /** How accounts of the app get access tokens. */
    public enum Grant {
        /** A refresh token for each account, which its owner's consent gives. */
        REFRESH_TOKEN,
        /** The app reads mailboxes as itself. */
        CLIENT_CREDENTIALS,
        /** The app acts as the mailbox's user by a signed assertion. */
        JWT_BEARER;

        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** The grants by their wire names, in order. */
        public static Map<String, Grant> byName() {
            return named(values(), Grant::wireName);
        }
    }

    /** How the app proves its identity. */
    public enum Proof {
        NONE,
        CLIENT_SECRET,
        PRIVATE_KEY;

        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public OAuthApp {
        mailHosts = List.copyOf(mailHosts);
    }

    static <E> Map<String, E> named(E[] values, Function<E, String> name) {
        return Arrays.stream(values)
                .collect(
                        Collectors.toMap(
                                name, Function.identity(), (a, b) -> a, LinkedHashMap::new));
    }

    /** The place that the encrypted secret is bound to. */
    public static String secretContext(UUID id) {
        return "oauth-app/" + id + "/secret";
    }

    public URI tokenEndpoint() {
        return tokenUrl != null
                ? URI.create(tokenUrl)
                : provider.tokenUrl(tenantOrAny()).orElseThrow();
    }

    /** Where owners consent; empty when the app has no such URL. */
    public Optional<URI> authorizationEndpoint() {
        return authorizationUrl != null
                ? Optional.of(URI.create(authorizationUrl))
                : provider.authorizationUrl(tenantOrAny());
    }

    private String tenantOrAny() {
        return tenant == null ? ANY_TENANT : tenant;
    }

    /** Whether the owner of a mailbox can grant access by a link. */
    public boolean allowsConsent() {
        return grant == Grant.REFRESH_TOKEN && authorizationEndpoint().isPresent();
    }

    /** Whether the app's tokens may be sent to this mail server. */
    public boolean serves(String mailHost) {
        Host host = Host.of(mailHost);
        return mailHosts.stream().anyMatch(pattern -> HostGlob.of(pattern).matches(host));
    }

    /** Whether tokens, secrets and codes of the other app go to the same places as of this one. */
    public boolean hasSameDestinations(OAuthApp other) {
        return tokenEndpoint().equals(other.tokenEndpoint())
                && authorizationEndpoint().equals(other.authorizationEndpoint())
                && mailHosts.equals(other.mailHosts);
    }

    @Override
    public String toString() {
        return "OAuthApp[" + id + ", " + provider.wireName() + "]";
    }
}
