package dev.mailbell.mail.discovery;

import dev.mailbell.mail.Security;
import java.util.Locale;

/** What came of the search for an address's mail server. */
public sealed interface Discovered {

    /**
     * A server to try. Nothing vouches for it yet: it goes through the address guard and proves its
     * name by certificate at connect, like one that a client named.
     *
     * @param host a name in ASCII, lower case
     * @param port 1 to 65,535
     * @param security never {@link Security#NONE}
     * @param username what that server wants for a user name; the address where nothing else is
     *     known
     */
    record Found(String host, int port, Security security, String username, Source source)
            implements Discovered {
        public Found {
            if (port < 1 || port > 65_535) {
                throw new IllegalArgumentException("port out of range: " + port);
            }
            if (security == Security.NONE) {
                throw new IllegalArgumentException("a search never ends in clear text");
            }
        }
    }

    /**
     * @param message for whoever registers the account: why not, and what to give instead
     */
    record NotFound(String message) implements Discovered {}

    /** Where the answer came from. */
    enum Source {
        /** The table of well-known providers. */
        PROVIDER,
        /** A DNS record of the domain (RFC 6186, RFC 8314 §5.1). */
        SRV,
        /** An autoconfig file of the domain. */
        AUTOCONFIG;

        /** The name in answers, for example {@code srv}. */
        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
