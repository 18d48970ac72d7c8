package dev.mailbell.mail.auth;

import dev.mailbell.mail.Protocol;
import java.net.URI;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The issuer of the tokens; the names in lower case are part of the HTTP contract. */
public enum Provider {
    GOOGLE("https://oauth2.googleapis.com/token"),
    MICROSOFT("https://login.microsoftonline.com/common/oauth2/v2.0/token"),
    /** Any other issuer; the grant contains its token URL. */
    CUSTOM(null);

    private final @Nullable String tokenUrl;

    Provider(@Nullable String tokenUrl) {
        this.tokenUrl = tokenUrl;
    }

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
        return Optional.ofNullable(tokenUrl).map(URI::create);
    }

    /**
     * The scope to request if the grant has none; empty requests the original scope (RFC 6749, §6).
     * Microsoft requires a scope, because one of its refresh tokens serves several resources, and a
     * token for the wrong one is refused only by the mail server.
     */
    Optional<String> scope(Protocol protocol) {
        if (this != MICROSOFT) {
            return Optional.empty();
        }
        String mail =
                switch (protocol) {
                    case IMAP -> "IMAP";
                    case POP3 -> "POP";
                };
        return Optional.of(
                "https://outlook.office.com/" + mail + ".AccessAsUser.All offline_access");
    }
}
