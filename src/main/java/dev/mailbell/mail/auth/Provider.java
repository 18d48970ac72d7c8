package dev.mailbell.mail.auth;

import dev.mailbell.mail.Protocol;
import java.net.URI;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Who issues the tokens; the names in lower case are part of the HTTP contract. */
public enum Provider {
    GOOGLE("https://oauth2.googleapis.com/token"),
    MICROSOFT("https://login.microsoftonline.com/common/oauth2/v2.0/token"),
    /** Any other; the token URL comes with the grant. */
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

    /** Where this provider renews tokens, when that is known. */
    Optional<URI> tokenUrl() {
        return Optional.ofNullable(tokenUrl).map(URI::create);
    }

    /**
     * What to ask for when the grant names no scope; empty asks for what was granted at first (RFC
     * 6749, §6). Microsoft must be told, because one refresh token of theirs serves several
     * resources and a token for the wrong one is refused only at the mail server.
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
