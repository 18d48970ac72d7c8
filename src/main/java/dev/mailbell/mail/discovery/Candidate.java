package dev.mailbell.mail.discovery;

import dev.mailbell.mail.LoginAdvice;
import dev.mailbell.mail.Protocol;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A server to try, with what is known of logins there.
 *
 * @param auth the ways to prove a login, the best first; empty if not known
 */
public record Candidate(Protocol protocol, Discovered.Found server, List<Auth> auth) {

    /** How a login is proven. */
    public enum Auth {
        OAUTH2,
        PASSWORD;

        /** The name in API responses. */
        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * @param published what the domain says about logins; what is known of the provider wins
     */
    static Candidate of(Protocol protocol, Discovered.Found server, List<Auth> published) {
        List<Auth> auth =
                switch (LoginAdvice.tokens(server.host())) {
                    case REQUIRED -> List.of(Auth.OAUTH2);
                    case ACCEPTED -> List.of(Auth.OAUTH2, Auth.PASSWORD);
                    case UNKNOWN -> List.copyOf(published);
                };
        return new Candidate(protocol, server, auth);
    }

    /** What the owner must do before a login works; empty if nothing is known. */
    public Optional<String> note() {
        return LoginAdvice.forProvider(server.host());
    }
}
