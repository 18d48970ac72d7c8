package dev.mailbell.mail.auth.grant;

import dev.mailbell.mail.Protocol;
import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The issuer of the tokens; the names in lower case are part of the HTTP contract. */
public enum Provider {
    GOOGLE,
    MICROSOFT,
    /** Any other issuer; the grant contains its token URL. */
    CUSTOM;

    private static final String MICROSOFT_LOGIN = "https://login.microsoftonline.com/";
    private static final String MICROSOFT_MAIL = "https://outlook.office.com/";

    /** The tenant of Microsoft for accounts of all organisations and for personal ones. */
    private static final String ANY_TENANT = "common";

    /** The provider of that name on the wire, for example {@code google}. */
    public static Optional<Provider> of(String wireName) {
        return Arrays.stream(values()).filter(p -> p.wireName().equals(wireName)).findFirst();
    }

    /** The name on the wire, for example {@code google}. */
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The token URL of this provider; empty for {@link #CUSTOM}. */
    Optional<URI> tokenUrl() {
        return tokenUrl(ANY_TENANT);
    }

    /**
     * The token URL of this provider; empty for {@link #CUSTOM}.
     *
     * @param tenant Microsoft's; other providers have none
     */
    public Optional<URI> tokenUrl(String tenant) {
        return switch (this) {
            case GOOGLE -> Optional.of(URI.create("https://oauth2.googleapis.com/token"));
            case MICROSOFT ->
                    Optional.of(URI.create(MICROSOFT_LOGIN + tenant + "/oauth2/v2.0/token"));
            case CUSTOM -> Optional.empty();
        };
    }

    /** The URL where owners of mailboxes consent; empty for {@link #CUSTOM}. */
    public Optional<URI> authorizationUrl(String tenant) {
        return switch (this) {
            case GOOGLE -> Optional.of(URI.create("https://accounts.google.com/o/oauth2/v2/auth"));
            case MICROSOFT ->
                    Optional.of(URI.create(MICROSOFT_LOGIN + tenant + "/oauth2/v2.0/authorize"));
            case CUSTOM -> Optional.empty();
        };
    }

    /**
     * The scope to request if the grant has none; empty requests the original scope (RFC 6749, §6).
     * Microsoft requires a scope, because one of its refresh tokens serves several resources, and a
     * token for the wrong one is refused only by the mail server.
     */
    Optional<String> scope(Protocol protocol) {
        return this == MICROSOFT ? consentScope(protocol) : Optional.empty();
    }

    /** The scope that the owner of a mailbox consents to; empty for {@link #CUSTOM}. */
    public Optional<String> consentScope(Protocol protocol) {
        return switch (this) {
            case GOOGLE -> Optional.of("https://mail.google.com/");
            case MICROSOFT ->
                    Optional.of(
                            MICROSOFT_MAIL
                                    + switch (protocol) {
                                        case IMAP -> "IMAP";
                                        case POP3 -> "POP";
                                    }
                                    + ".AccessAsUser.All offline_access");
            case CUSTOM -> Optional.empty();
        };
    }

    /** The scope of an app that acts without a user's consent; empty for {@link #CUSTOM}. */
    public Optional<String> appScope() {
        return switch (this) {
            case GOOGLE -> Optional.of("https://mail.google.com/");
            case MICROSOFT -> Optional.of("https://outlook.office365.com/.default");
            case CUSTOM -> Optional.empty();
        };
    }

    /** What an authorization request needs to end with a refresh token. */
    public List<String> offlineParameters() {
        return this == GOOGLE ? List.of("access_type=offline", "prompt=consent") : List.of();
    }

    /** Patterns of the hosts of this provider's mail servers; none for {@link #CUSTOM}. */
    public List<String> mailHosts() {
        return switch (this) {
            case GOOGLE -> List.of("*.gmail.com", "*.googlemail.com");
            case MICROSOFT -> List.of("*.office365.com", "*.outlook.com", "*.live.com");
            case CUSTOM -> List.of();
        };
    }
}
