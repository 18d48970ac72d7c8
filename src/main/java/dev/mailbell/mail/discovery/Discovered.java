package dev.mailbell.mail.discovery;

import dev.mailbell.mail.Security;
import java.util.Locale;

/** The result of the search for an address's mail server. */
public sealed interface Discovered {

    /**
     * A server to try. It is not trusted: like a server that a client gave, it must pass the
     * address guard and prove its name by certificate.
     *
     * @param host a name in ASCII, lower case
     * @param port 1 to 65,535
     * @param security never {@link Security#NONE}
     * @param username the user name for that server; the address if nothing else is known
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
     * @param message for the client that registers the account: why no server was found, and what
     *     to give instead
     */
    record NotFound(String message) implements Discovered {}

    /** The source of the answer. */
    enum Source {
        /** The table of well-known providers. */
        PROVIDER,
        /** A DNS record of the domain (RFC 6186, RFC 8314 §5.1). */
        SRV,
        /** An autoconfig file of the domain. */
        AUTOCONFIG;

        /** The name in API responses, for example {@code srv}. */
        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
